"""Whether the site can do its work: its health, and what an outage says."""
