"""Training: fast, seeded, and resumed exactly."""

from kerakit.training.fine_tuning import fine_tune
from kerakit.training.fit import fit
from kerakit.training.runs.folder import Run, open_run

__all__ = ["Run", "fine_tune", "fit", "open_run"]
