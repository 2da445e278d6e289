"""What an attacker tries, a file for each kind; SECURITY.md says which threat each test answers."""
