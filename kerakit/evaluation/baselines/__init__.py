"""Simple models that a network has to beat."""
