"""Training: fast, seeded, and resumed exactly."""

from kerakit.training.fit import fit
from kerakit.training.runs import Run, open_run

__all__ = ["Run", "fit", "open_run"]
