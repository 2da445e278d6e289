"""An invented university that plays the whole check through the real flow, so that a reader can walk in."""
