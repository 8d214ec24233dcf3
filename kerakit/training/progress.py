"""`ProgressBar`: one line for a whole run, drawn anew in place, on terminals and in notebooks."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

import keras

__all__ = ["ProgressBar", "time_in_words"]

BAR = 20  # characters
PAUSE = 0.1  # seconds between two drawings, so that short epochs are not slowed down


class ProgressBar(keras.callbacks.Callback):
    """Show the epoch, a bar, the logs and the time that is left, in one line for the run.

    The line is drawn anew within an epoch as often as the loop says how far it is. The time that
    is left is that of all epochs, at the speed so far; early stopping may end the run before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begin = self._drawn = 0.0
        self._first: int | None = None  # the epoch that this process began with
        self._epoch, self._width = 0, 0
        self._logs: dict[str, Any] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._begin, self._drawn, self._first, self._logs = time.monotonic(), 0.0, None, {}

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch
        self._first = epoch if self._first is None else self._first

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        fraction = (batch + 1) / max(1, self.params.get("steps") or 1)
        self._draw(min(fraction, 1.0), {**self._logs, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Draw the line with the logs of the epoch, unless it was drawn a moment ago."""
        self._logs = dict(logs or {})
        self._draw(1.0, self._logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Draw the line a last time, with the time that the run took, and end it."""
        if self._first is not None:
            self._draw(1.0, self._logs, last=True)
            print(flush=True)

    def _draw(self, fraction, logs, last=False):
        now = time.monotonic()
        if now - self._drawn < PAUSE and not last:
            return
        self._drawn, epochs = now, self.params["epochs"]
        done, took = self._epoch + fraction, now - self._begin
        filled = int(BAR * done / epochs)
        trained = done - (self._first or 0)
        left = took * (epochs - done) / trained if trained else 0.0
        clock = time_in_words(took) if last else f"{time_in_words(left)} left"
        head = f"epoch {self._epoch + 1}/{epochs}  [{'=' * filled}{' ' * (BAR - filled)}]  {clock}"
        text = head + "".join(f"  {name} {float(value):.4g}" for name, value in logs.items())
        text = text[: shutil.get_terminal_size((100, 24)).columns - 1]  # a longer line would wrap
        sys.stdout.write(f"\r{text.ljust(self._width)}")
        sys.stdout.flush()
        self._width = len(text)


def time_in_words(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any.

    Example:

    >>> time_in_words(75.2), time_in_words(3723)
    ('1:15', '1:02:03')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
