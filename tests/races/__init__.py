"""What goes wrong only when two things happen at once, on SQLite and on PostgreSQL."""
