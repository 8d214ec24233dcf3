"""The callbacks of `fit`: the user's, early stopping, progress, and the check of the loss."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Literal

import keras

from kerakit.checks import check
from kerakit.errors import ArgumentError, TrainingError
from kerakit.quiet import in_notebook
from kerakit.training.progress import ProgressBar

__all__ = [
    "PROGRESS",
    "EpochLines",
    "StopEarly",
    "check_finite",
    "given_callbacks",
    "progress_callback",
]


class StopEarly(keras.callbacks.EarlyStopping):
    """Early stopping on the validation loss, which can count the weights before training.

    Where a linear path was solved before training, the model is good already. Training the
    network beside it must not leave a worse model.

    Args:
        patience: int. Epochs without a lower validation loss before training stops.

    Attributes:
        initial_loss: float or `None`. The validation loss before the first epoch; `None` where
            the weights were random.
    """

    def __init__(self, patience: int) -> None:
        super().__init__(monitor="val_loss", patience=patience, restore_best_weights=True)
        self.initial_loss: float | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        if self.initial_loss is not None:
            self.best, self.best_weights = self.initial_loss, self.model.get_weights()


class EpochLines(keras.callbacks.Callback):
    """Print one line per epoch, for logs and files."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print the number of the epoch and its logs."""
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self.params['epochs']}  {values}", flush=True)


def given_callbacks(owner: str, value: Any) -> tuple[keras.callbacks.Callback, ...]:
    """Return the callbacks that a user gave, as Keras takes them: none, one, or nested lists.

    Args:
        owner: str. The function that the user called, for errors.
        value: `None`, a callback, a `keras.callbacks.CallbackList`, or an iterable of these.

    Raises:
        ArgumentError: when one of them is no callback, one that `run_dir` replaces, or one that
            needs a package which is not installed.

    Example:

    >>> stop = keras.callbacks.EarlyStopping()
    >>> given_callbacks("fit", None), given_callbacks("fit", stop) == (stop,)
    ((), True)
    """
    if value is None:
        return ()
    if isinstance(value, keras.callbacks.CallbackList):
        value = value.callbacks
    if isinstance(value, keras.callbacks.BackupAndRestore):
        raise ArgumentError(
            f"{owner} resumes by itself. Got the callback BackupAndRestore, which counts epochs "
            "for keras.Model.fit alone. Leave it out, and pass run_dir= instead."
        )
    if isinstance(value, keras.callbacks.TensorBoard) and not find_spec("tensorboard"):
        raise ArgumentError(
            f"{owner} got the callback TensorBoard, which writes by the package tensorboard. "
            "That is not installed: pip install tensorboard."
        )
    if isinstance(value, keras.callbacks.Callback):
        return (value,)
    good = isinstance(value, Iterable) and not isinstance(value, (str, bytes, dict))
    expected = "None, a keras.callbacks.Callback (not its class), or a sequence of them"
    check(good, owner, "callbacks", expected, value)
    return tuple(callback for each in value for callback in given_callbacks(owner, each))


PROGRESS = (EpochLines, ProgressBar, keras.callbacks.ProgbarLogger)
"""The classes of callbacks that only show progress."""


def progress_callback(verbose: Literal["auto", 0, 1, 2]) -> keras.callbacks.Callback | None:
    """Return the callback that shows progress, or `None`.

    Args:
        verbose: `"auto"` (a bar on a terminal and in a notebook, else a line per epoch), 0
            (nothing), 1 (the bar) or 2 (lines).
    """
    if verbose == "auto":
        verbose = 1 if sys.stdout.isatty() or in_notebook() else 2
    if verbose == 1:
        return ProgressBar()
    return EpochLines() if verbose == 2 else None


def check_finite(logs: dict[str, float], epoch: int, learning_rate: float) -> None:
    """Raise a `TrainingError` when a loss of an epoch is not finite.

    Args:
        logs: the logs of the epoch.
        epoch: int. The index of the epoch.
        learning_rate: float. The learning rate of its last step.
    """
    for name in ("loss", "val_loss"):
        if not math.isfinite(logs.get(name, 0.0)):
            raise TrainingError(
                f"Training diverged: the {name} of epoch {epoch + 1} is {logs[name]}. Lower the "
                f"learning rate (it was {learning_rate:.3g}), or look for extreme values in the "
                "data."
            )
