"""Looking after a running site: is it well, what fails, and does the database remember what it has said."""
