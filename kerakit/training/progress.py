"""What a run shows while it trains, and what stops it when it diverges."""

import math
import sys

import keras

from kerakit.errors import TrainingError

__all__ = ["PROGRESS", "EpochLines", "check_finite", "progress_callback"]


class EpochLines(keras.callbacks.Callback):
    """One line per epoch, for logs and files."""

    def on_epoch_end(self, epoch, logs=None):
        """Print the epoch's number and its logs."""
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self.params['epochs']}  {values}", flush=True)


PROGRESS = (EpochLines, keras.callbacks.ProgbarLogger)
"""The callbacks that only show something."""


def progress_callback(verbose):
    """Return the callback that shows progress, or `None`.

    Args:
        verbose: `"auto"` (the Keras bar on a terminal, else a line per epoch), 0 (nothing),
            1 (the bar) or 2 (lines).
    """
    if verbose == "auto":
        verbose = 1 if sys.stdout.isatty() else 2
    if verbose == 1:
        return keras.callbacks.ProgbarLogger()
    return EpochLines() if verbose == 2 else None


def check_finite(logs, epoch, learning_rate):
    """Raise a `TrainingError` when a loss of the epoch is not finite."""
    for name in ("loss", "val_loss"):
        if not math.isfinite(logs.get(name, 0.0)):
            raise TrainingError(
                f"Training diverged: the {name} of epoch {epoch + 1} is {logs[name]}. Lower the "
                f"learning rate (it was {learning_rate:.3g}), or look for extreme values in the "
                "data."
            )
