"""What survives when the server is killed, again and again."""
