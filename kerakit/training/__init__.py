"""Training: fast, seeded, and resumed exactly."""

from kerakit.training.fine_tuning import fine_tune
from kerakit.training.fit import fit
from kerakit.training.learning_rate_range import LearningRateRange
from kerakit.training.range_test import find_learning_rate
from kerakit.training.runs.folder import Run, open_run

__all__ = ["LearningRateRange", "Run", "find_learning_rate", "fine_tune", "fit", "open_run"]
