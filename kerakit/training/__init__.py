"""Training: fast, seeded, and resumed exactly."""

from kerakit.training.fit import fit

__all__ = ["fit"]
