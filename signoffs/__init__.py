"""PROCESS: what people declared about the facts, and how far it has got."""
