"""Figures: each module prints its ratios, all sides in one run. None has a time limit: machines differ."""
