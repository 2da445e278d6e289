"""How passwords are hashed: Argon2id, at a cost that a small server bears."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """OWASP's first choice of parameters (Password Storage Cheat Sheet): 46 MiB, one pass, one lane.

    Django's own 100 MiB would be 800 MB where eight threads sign somebody in at once; the server has 2 GB.
    """

    time_cost = 1
    memory_cost = 47_104  # KiB
    parallelism = 1
