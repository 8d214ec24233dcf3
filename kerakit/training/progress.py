"""`ProgressBar`: one line for a whole run, drawn anew in place, on terminals and in notebooks."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any

import keras

from kerakit.status import ticking, time_in_words

__all__ = ["ProgressBar", "show_validation", "waiting"]

BAR = 20  # characters
WAIT = 1.0  # seconds between two drawings while one call runs
PAUSE = 0.1  # seconds between two drawings, so that short epochs are not slowed down


class ProgressBar(keras.callbacks.Callback):
    """Show the epoch, a bar, the logs and the time that is left, in one line for the run.

    The line is drawn anew within an epoch as often as the loop says how far it is. The time that
    is left is that of all epochs, at the speed since the first batch, before which the steps
    were compiled; early stopping may end the run before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begin = self._drawn = 0.0
        self._epoch, self._width, self._done = 0, 0, 0.0
        self._started = False  # whether an epoch began
        self._first: tuple[float, float] | None = None  # when the first batch was done, and where
        self._last = 0.0  # when the last one was
        self._logs: dict[str, Any] = {}  # of the last epoch
        self._shown: dict[str, Any] = {}  # in the line

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._begin, self._drawn = time.monotonic(), 0.0
        self._first, self._started = None, False
        self._logs = self._shown = {}

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch; draw the line for the first one, whose steps have to be compiled."""
        self._epoch, self._done = epoch, float(epoch)
        if not self._started:
            self._draw({})
        self._started = True

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        fraction = (batch + 1) / max(1, self.params.get("steps") or 1)
        self._advance(min(fraction, 1.0))
        self._draw({**self._logs, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Draw the line with the logs of the epoch, unless it was drawn a moment ago."""
        self._logs = dict(logs or {})
        self._advance(1.0)
        self._draw(self._logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Draw the line a last time, with the time that the run took, and end it."""
        if self._started:
            self._draw(self._logs, last=True)
            print(flush=True)

    def validates(self, fraction: float | None) -> None:
        """Draw the line while validation rows are counted; see `show_validation`."""
        percent = "" if fraction is None else f" {fraction:.0%}"
        self._draw(self._shown, f"  validating{percent}")

    def waiting(self) -> contextlib.AbstractContextManager[None]:
        """Keep the clock of the line going inside a block that takes long, or may do so."""
        return ticking(lambda: self._draw(self._shown), first=WAIT, every=WAIT)

    def _advance(self, fraction):
        self._done, self._last = self._epoch + fraction, time.monotonic()
        self._first = self._first or (self._last, self._done)

    def _draw(self, logs, doing="", last=False):
        now = time.monotonic()
        if now - self._drawn < PAUSE and not last:
            return
        self._drawn, self._shown, epochs = now, logs, self.params["epochs"]
        filled = int(BAR * self._done / epochs)
        clock = time_in_words(now - self._begin) if last else self._clock(now)
        head = f"epoch {self._epoch + 1}/{epochs}  [{'=' * filled}{' ' * (BAR - filled)}]  {clock}"
        text = head + doing + "".join(f"  {n} {float(value):.4g}" for n, value in logs.items())
        text = text[: shutil.get_terminal_size((100, 24)).columns - 1]  # a longer line would wrap
        sys.stdout.write(f"\r{text.ljust(self._width)}")
        sys.stdout.flush()
        self._width = len(text)

    def _clock(self, now):
        """The time that is left; before that is known, the time so far."""
        when, first = self._first or (now, self._done)
        if self._done <= first:
            return f"{time_in_words(now - self._begin)} so far"
        left = (self._last - when) / (self._done - first) * (self.params["epochs"] - self._done)
        return f"{time_in_words(max(0.0, left - (now - self._last)))} left"


def waiting(
    callbacks: Iterable[keras.callbacks.Callback], is_long: bool
) -> contextlib.AbstractContextManager[None]:
    """Return a context in which the clock of the bar among the callbacks goes on.

    Args:
        callbacks: the callbacks that show progress.
        is_long: bool. Whether the block takes long, or may do so; else there is nothing to do.
    """
    for callback in callbacks if is_long else ():
        if isinstance(callback, ProgressBar):
            return callback.waiting()
    return contextlib.nullcontext()


def show_validation(
    callbacks: Iterable[keras.callbacks.Callback], fraction: float | None = None
) -> None:
    """Let the bar among the callbacks say that validation rows are counted.

    Args:
        callbacks: the callbacks that show progress.
        fraction: float in [0, 1]. How many of the rows are, or `None` where that is unknown.
    """
    for callback in callbacks:
        if isinstance(callback, ProgressBar):
            callback.validates(fraction)
