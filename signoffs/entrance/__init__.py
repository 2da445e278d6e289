"""How people get in: links and codes, identifications, and the limits on guessing. Writes its own rows."""
