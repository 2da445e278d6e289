"""The pages of the academic affairs office."""
