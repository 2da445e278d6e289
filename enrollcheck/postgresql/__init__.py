"""PostgreSQL as enrollcheck uses it: how it connects, what it must promise, its own programs.

A package, since Django finds a database's engine by its module `base`.
"""
