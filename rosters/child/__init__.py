"""What runs in the guarded child process: bytes that strangers sent → tables of cells.

Nothing here may import Django or anything else of the house: the child starts fast, knows no keys and no
database, and may die of a hostile file without hurting anybody.
"""
