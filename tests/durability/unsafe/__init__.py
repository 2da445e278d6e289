"""Settings that a site must not have: `serve` refuses each of them."""
