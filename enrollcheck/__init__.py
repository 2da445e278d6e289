"""Wiring: settings, the map of the site, the commands of the whole. No rules live here."""
