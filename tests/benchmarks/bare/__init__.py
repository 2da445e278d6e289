"""A bare Django site: what the confirm is held against. One view, two tables, no middleware."""
