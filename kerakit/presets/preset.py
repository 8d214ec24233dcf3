"""`Preset`: how a model is compiled and trained."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

from kerakit.builders.search_space import Choice, Range
from kerakit.checks import check, check_float, check_int

__all__ = ["Preset"]

# Rows: with fewer, batch normalisation errs (Wu & He 2018, arXiv:1803.08494, figure 1).
SMALLEST_BATCH = 4
LARGEST_FACTOR = 4  # of the usual batch, where rows are many


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preset:
    """One way to compile and train a model: loss, optimizer, learning rate, batches, patience.

    Attributes:
        name: str. The name of the preset, for messages and the run's files.
        loss: str or `None`. A Keras loss, or `"pinball"` or `"perceptron"`. Defaults to
            `None`: the usual loss of the model's output.
        optimizer: str. A Keras optimizer. Defaults to `"adam"`.
        learning_rate: float in (0, inf), or `None`: it is measured from the curvature of the
            loss on the training rows, for models without a hidden layer. Defaults to `1e-3`.
        schedule: str. How the learning rate changes over the run: `"constant"`, `"cosine"`,
            `"one_cycle"` or `"step"`. Defaults to `"constant"`.
        batch_size: int in [1, inf), or `None` for all rows at once. Defaults to `32`.
        patience: int in [1, inf). `fit` stops after so many epochs without a lower validation
            loss. Defaults to `20`.
        options: mapping, or iterable of pairs, from name to value: further arguments of the
            optimizer. Kept as a tuple of pairs. Defaults to none.
        min_steps: int in [1, inf). An epoch of few rows has at least so many steps: its batches
            are smaller, but never below 4 rows. Defaults to `1`.
        max_steps: int in [1, inf), or `None`. An epoch of many rows has about so many steps: its
            batches are larger, but never above 4 times `batch_size`. Defaults to `None`.
        reason: str. Why these values.
        source: str. Where they come from.

    Raises:
        ArgumentError: when a value is out of its range.

    Example:

    >>> from kerakit.builders import mlp_classifier
    >>> from kerakit.presets import PRESETS, compile
    >>> mine = Preset(name="mine", optimizer="adamw", schedule="cosine", batch_size=64)
    >>> model = mlp_classifier(4, classes=3)
    >>> compile(model, mine)
    >>> type(model.optimizer).__name__, model.loss
    ('AdamW', 'sparse_categorical_crossentropy')

    A preset of the kit with some values changed:

    >>> longer = dataclasses.replace(PRESETS["multiclass"], name="longer", patience=50)
    >>> compile(model, longer)
    """

    name: str
    loss: str | None = None
    optimizer: str = "adam"
    learning_rate: float | None = 1e-3
    schedule: str = "constant"
    batch_size: int | None = 32
    patience: int = 20
    options: Mapping[str, object] | Iterable[tuple[str, object]] = ()
    min_steps: int = 1
    max_steps: int | None = None
    reason: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "optimizer", "schedule"):
            value = getattr(self, name)
            check(isinstance(value, str) and bool(value), "Preset", name, "a name", value)
        ok = self.loss is None or isinstance(self.loss, str)
        check(ok, "Preset", "loss", "the name of a loss or None; pass others to compile", self.loss)
        if self.learning_rate is not None:
            check_float("Preset", "learning_rate", self.learning_rate, "(0.0, inf)")
        if self.batch_size is not None:
            check_int("Preset", "batch_size", self.batch_size, minimum=1)
        check_int("Preset", "patience", self.patience, minimum=1)
        check_int("Preset", "min_steps", self.min_steps, minimum=1)
        if self.max_steps is not None:
            check_int("Preset", "max_steps", self.max_steps, minimum=1)
        try:
            pairs = tuple(dict(self.options).items())
        except (TypeError, ValueError):
            check(False, "Preset", "options", "a dict of arguments of the optimizer", self.options)
        object.__setattr__(self, "options", pairs)

    @property
    def search_space(self) -> dict[str, Range | Choice]:
        """The values that a search tries: dict from an argument of `compile` to its values.

        Learning rate and weight decay are tried from a tenth to ten times the preset's, the
        batch size at half and double.

        Example:

        >>> Preset(name="mine", learning_rate=1e-3, batch_size=32).search_space
        {'learning_rate': 0.0001 to 0.01, log, 'batch_size': 16, 32 or 64}
        """
        found: dict[str, Range | Choice] = {}
        rates = {"learning_rate": self.learning_rate}
        rates["weight_decay"] = dict(self.options).get("weight_decay")
        for name, rate in rates.items():
            if isinstance(rate, (int, float)) and rate > 0:
                found[name] = Range(float(f"{rate / 10:.6g}"), float(f"{rate * 10:.6g}"), "log")
        size = self.batch_size
        if size is not None:
            found["batch_size"] = Choice(*dict.fromkeys((max(1, size // 2), size, 2 * size)))
        return found

    def batch_size_for(self, n_rows: int) -> int:
        """Return how many rows a batch has.

        Args:
            n_rows: int in [1, inf). Training rows.

        Example:

        >>> preset = Preset(name="series", batch_size=16, min_steps=10)
        >>> [preset.batch_size_for(n_rows) for n_rows in (9, 50, 1_000)]
        [4, 5, 16]
        >>> preset = Preset(name="texts", batch_size=32, max_steps=2_000)
        >>> [preset.batch_size_for(n_rows) for n_rows in (10_000, 100_000, 1_000_000)]
        [32, 50, 128]
        """
        largest = max(n_rows // self.min_steps, SMALLEST_BATCH)
        if self.batch_size is not None:
            usual = self.batch_size
            if self.max_steps is not None:
                many = math.ceil(n_rows / self.max_steps)
                usual = min(max(usual, many), LARGEST_FACTOR * usual)
            largest = min(largest, usual)
        return min(n_rows, largest)
