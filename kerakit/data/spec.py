"""`Spec`: the description of data that builders, training, evaluation and serving read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal

from kerakit.data.summary import summary_html, summary_text
from kerakit.data.tasks import tasks_with
from kerakit.errors import DataError

__all__ = ["KINDS", "Feature", "Series", "Spec", "Target"]

Kind = Literal["numeric", "categorical", "date", "image", "sequence", "text"]
KINDS = ("numeric", "categorical", "date", "image", "sequence", "text")


@dataclasses.dataclass(frozen=True)
class Feature:
    """One named input of a model, with the statistics of the training split.

    Attributes:
        name: str. The input's name in the model and on the wire, `[A-Za-z_][A-Za-z0-9_]*`.
        kind: str. One of `KINDS`.
        dtype: str. The dtype of the input: `"float32"`, `"string"`, or for images `"uint8"`.
        shape: tuple of ints. Shape of one value, `()` for a scalar column, `(d,)` for a
            plain array of width d, `(height, width, channels)` for an image. A sequence of
            numbers has `(steps,)` or `(steps, channels)`, `None` steps where its length is
            free; a text is one string, `()`.
        column: str. The name in the source, where it differs from `name`; else `name`.
        mean, variance, minimum, maximum: float, or tuple of d floats for shape `(d,)`; for
            an image one per channel, of its pixels from 0 to 255; for a sequence likewise (one
            float where it has one channel). Over the values that are not missing; the
            variance is the population's. `None` for kinds without numbers. For a date, minimum
            and maximum are the first and the last one, in ISO 8601.
        missing: int, or tuple of d ints. How many training rows have no value.
        quantiles: tuple of floats (or tuple of d such tuples). Distinct, increasing
            quantiles of the training values, the first the minimum and the last the
            maximum; where values repeat, other values are among them. For texts and sequences
            of free length: of their lengths, in words or steps.
        vocabulary: tuple of strings. Categories, or words of a text, seen in training, most
            frequent first (ties in alphabetical order). A missing string is the empty string.
        characters: tuple of strings. Characters of a text seen in training, likewise.
        format: str. How the dates of a date are spelled: empty for ISO 8601 and names of months;
            `"day first"` or `"month first"` where there are dates such as 03/05/2024; or the
            user's own, as for `strptime`.
        parts: tuple of `Feature`. The features that a model makes of a date: the number `days`
            (since the first date), and as far as they vary in training the number `year` and the
            categories `month` (1 to 12), `weekday` (0 for Monday) and `hour`.
    """

    name: str
    kind: Kind = "numeric"
    dtype: str = "float32"
    shape: tuple[int | None, ...] = ()
    column: str = ""
    mean: Any = None
    variance: Any = None
    minimum: Any = None
    maximum: Any = None
    missing: Any = 0
    quantiles: tuple[Any, ...] = ()
    vocabulary: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    format: str = ""
    parts: tuple[Feature, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers one value holds: 1 for a scalar, d for shape `(d,)`."""
        size = 1
        for dim in self.shape:
            size *= dim or 1
        return size


@dataclasses.dataclass(frozen=True)
class Target:
    """The target of a prediction: one number or label per row, or several.

    Attributes:
        names: tuple of strings. The targets' names, one for a single target.
        unit: str or `None`. The unit of a numeric target, for reports.
        mean, variance: tuples of floats, one per target, of the training split (the
            population's variance); empty for classes.
    """

    names: tuple[str, ...] = ("target",)
    unit: str | None = None
    mean: tuple[float, ...] = ()
    variance: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Series:
    """The windows and the times of a series to forecast, or of several.

    Attributes:
        window: int. Steps that a forecast is made from.
        horizon: int. Steps that are forecast.
        stride: int. Steps from one training window to the next.
        season: int. Steps after which the pattern repeats; 1 where none is known.
        step: float or `None`. Seconds from one row to the next (months count 30.4 days);
            `None` without a time column.
        calendar: tuple of strings among `"day"`, `"week"` and `"year"`. The cycles whose
            phase at the end of the window is a feature; empty for none.
        time: str or `None`. The column of times in the source; `None` without one.
        time_parts: tuple of strings. The columns that make the time together, where there are
            several.
        gaps: str. What was done where steps were missing among the times, as in `load_series`.
        id: tuple of strings. The columns that tell several series apart; empty for one series.
        ids: tuple of strings. The ids of the training series.
        variances: tuple of tuples of floats. The variance of each channel of each training
            series; 0 where it is constant.
        covariates, future, static: tuples of strings. The columns of the further inputs, as in
            `load_series`.
    """

    window: int
    horizon: int
    stride: int = 1
    season: int = 1
    step: float | None = None
    calendar: tuple[str, ...] = ()
    time: str | None = None
    gaps: str = "error"
    time_parts: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    variances: tuple[tuple[float, ...], ...] = ()
    covariates: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def id_name(self) -> str:
        """What tells several series apart: the columns of the id, joined by `/`."""
        return "/".join(self.id)


@dataclasses.dataclass(frozen=True, repr=False)
class Spec:
    """The description of data: task, features with their statistics, target and classes.

    A `Spec` is frozen, and can be written to JSON and read back.

    Attributes:
        task: str. One of `kerakit.data.tasks.TASKS`.
        features: tuple of `Feature`, in the order of the source.
        target: `Target`.
        classes: tuple of strings. Labels in the order of the probabilities' columns;
            empty for numeric targets. Of two, `classes[1]` is the positive one.
        class_counts: tuple of ints. How many training rows each class has.
        sizes: dict from `"train"`, `"validation"` and `"test"` to row counts.
        seed: int. Seed of the split.
        fingerprint: str. SHA-256 of the data that was read, in hexadecimal.
        dataset: str. The name of the data: of a file or of a built-in set.
        na_values: tuple of strings that stood for a missing value in the source beside the
            usual ones, or `None`, so that a file to score is read as the training file was. An
            empty tuple: only an empty cell was missing.
        decimal, thousands: str, and str or `None`. The separators of the source's numbers,
            likewise.
        series: `Series` of a forecast, else `None`.

    Example:

    >>> spec = Spec(task="regression", features=(Feature("alcohol", mean=10.4, variance=1.1),))
    >>> Spec.from_json(spec.to_json()) == spec
    True
    """

    task: str
    features: tuple[Feature, ...]
    target: Target = Target()
    classes: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = ()
    sizes: dict[str, int] = dataclasses.field(default_factory=dict)
    seed: int = 0
    fingerprint: str = ""
    dataset: str = ""
    na_values: tuple[str, ...] | None = None
    decimal: str = "."
    thousands: str | None = None
    series: Series | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Tuple of the features' names, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def is_classification(self) -> bool:
        """Whether the answer is a label (or labels) rather than a number."""
        return self.task in tasks_with(is_classification=True)

    def to_json(self) -> str:
        """Return the spec as a JSON text that `from_json` reads back."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as a dict of JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_json(cls, text: str | bytes) -> Spec:
        """Read a spec from the JSON text that `to_json` wrote.

        Raises:
            DataError: when the text is not JSON or not a spec.
        """
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"This is not the JSON of a kerakit Spec: {error}") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Spec:
        """Read a spec from the dict that `to_dict` wrote."""
        values = {key: _tuples(value) for key, value in values.items()}
        values["features"] = tuple(map(_feature, values["features"]))
        values["target"] = Target(**{k: _tuples(v) for k, v in values["target"].items()})
        if values.get("series") is not None:
            values["series"] = Series(**{k: _tuples(v) for k, v in values["series"].items()})
        return cls(**values)

    def __repr__(self) -> str:
        return summary_text("Spec", self)

    def _repr_html_(self) -> str:
        return summary_html("Spec", self)


def _feature(values):
    parts = tuple(map(_feature, values.get("parts", ())))
    return Feature(**{key: _tuples(value) for key, value in values.items()} | {"parts": parts})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
