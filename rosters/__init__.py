"""FACTS: who is on the list, and what the record says. No pages of its own, no process."""
