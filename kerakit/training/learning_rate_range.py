"""`LearningRateRange`: the losses of a range test, and the learning rates that they suggest."""

from __future__ import annotations

import dataclasses
import math
import os

import numpy as np

__all__ = ["LearningRateRange", "learning_rate_range"]

WIDTH = 0.03  # of the Gaussian that smooths the losses, as a fraction of the steps
SLOPE_WIDTH = 0.06  # the same for their slope, which noise disturbs more than it does the losses
# The rate in the longest fall of the loss: far enough from where it ends (Howard & Gugger 2020,
# doi:10.3390/info11020108, whose library suggests this rate as the valley).
PLACE = 2 / 3
SKIPPED = 0.05  # of the steps, at either end, where smoothed losses have neighbours on one side


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class LearningRateRange:
    """The losses of a range test, and the learning rates that it suggests.

    Attributes:
        rates: float array of shape `(steps,)`. The learning rate of each step that was taken.
        losses: float array of shape `(steps,)`. The loss of its batch before the step.
        smoothed: float array of shape `(steps,)`. The losses, smoothed over neighbouring steps.
        valley: float, or `None` where the loss does not fall. The suggestion: two thirds along
            the longest fall of the loss.
        steepest: float, or `None`. Where the loss falls fastest; a cautious choice.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    valley: float | None
    steepest: float | None

    def __repr__(self) -> str:
        first, last = self.rates[0], self.rates[-1]
        tested = f"learning rates {first:.1e} to {last:.1e} in {len(self.rates)} steps"
        if self.valley is None or self.steepest is None:
            return f"{tested}\n  the loss does not fall: no suggestion"
        return f"{tested}\n  valley   {self.valley:.1e}\n  steepest {self.steepest:.1e}"

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Write the figure of the losses by learning rate, with both suggestions.

        Args:
            path: path of the file; its ending names the format, such as `.png`.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        FigureCanvasAgg(figure)
        axis = figure.subplots()
        axis.plot(self.rates, self.losses, ".", color="#b9bdc4", markersize=3, label="batches")
        axis.plot(self.rates, self.smoothed, color="#2b6cb0", label="smoothed")
        for name, rate, style in (("valley", self.valley, "-"), ("steepest", self.steepest, ":")):
            if rate is not None:
                label = f"{name}: {rate:.1e}"
                axis.axvline(rate, color="#dd6b20", linestyle=style, label=label)
        shown = self.smoothed[np.isfinite(self.smoothed)]
        span = max(np.ptp(shown[: max(1, int(0.9 * len(shown)))]), 1e-12)
        axis.set_ylim(shown.min() - 0.15 * span, shown.min() + 1.6 * span)
        axis.set(xscale="log", xlabel="Learning rate", ylabel="Loss", title="Range test")
        axis.legend(frameon=False)
        figure.savefig(path, dpi=120)


def learning_rate_range(rates: np.ndarray, losses: np.ndarray, steps: int) -> LearningRateRange:
    """Return the suggestions of a range test.

    Args:
        rates: float array of shape `(n,)`, increasing by the same factor each step.
        losses: float array of shape `(n,)`. The finite loss before each step.
        steps: int. The steps that the test would have taken, had it not diverged.

    Example:

    >>> found = learning_rate_range(np.geomspace(1e-4, 1e-2, 5), np.ones(5), 5)
    >>> found
    learning rates 1.0e-04 to 1.0e-02 in 5 steps
      the loss does not fall: no suggestion
    """
    smoothed = _smoothed(losses, WIDTH * steps)
    slope = np.gradient(_smoothed(losses, SLOPE_WIDTH * steps))
    valley, steepest = _suggestions(smoothed, slope, max(1, round(SKIPPED * steps)))
    return LearningRateRange(
        rates,
        losses,
        smoothed,
        None if valley is None else float(rates[valley]),
        None if steepest is None else float(rates[steepest]),
    )


def _smoothed(losses, width):
    """The losses, averaged over their neighbours by a Gaussian: no later, no earlier."""
    reach = max(1, math.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width, 1e-9)) ** 2)
    values = np.convolve(losses, kernel)[reach : reach + len(losses)]
    return values / np.convolve(np.ones_like(losses), kernel)[reach : reach + len(losses)]


def _suggestions(smoothed, slope, skipped):
    """The indices of the valley and of the steepest point, or `(None, None)`."""
    lowest = int(np.argmin(smoothed))
    fall = _longest_fall(smoothed[: lowest + 1])
    slope = slope[skipped : lowest + 1] if lowest > skipped + 1 else np.zeros(1)
    if len(fall) < 3 or slope.min() >= 0:
        return None, None
    start, end = fall[0], fall[-1]
    return round(start + PLACE * (end - start)), skipped + int(np.argmin(slope))


def _longest_fall(values):
    """The indices of the longest subsequence of values that falls all the way."""
    length, before = np.ones(len(values), int), np.full(len(values), -1)
    for index in range(1, len(values)):
        higher = np.flatnonzero(values[:index] > values[index])
        if len(higher):
            best = higher[np.argmax(length[higher])]
            length[index], before[index] = length[best] + 1, best
    path = [int(np.argmax(length))]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path[::-1]
