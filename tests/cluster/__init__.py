"""Several machines on one: what deploy/cluster/ says, built, loaded and broken, again and again."""
