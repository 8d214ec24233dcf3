"""Baselines: simple models that a network must beat, and the user's own."""
