"""`X` of scikit-learn whose rows are whole texts, images or sequences, not columns."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.builders import cnn_classifier, sequence_classifier, text_classifier
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.images.arrays import as_images
from kerakit.data.sequences.assemble import describe_sequences
from kerakit.data.spec import Feature
from kerakit.data.tables.statistics import describe_feature
from kerakit.data.text.vocabulary import describe_text
from kerakit.errors import ArgumentError, DataError
from kerakit.serving.answering.values import column_values

__all__ = ["WholeReader", "kind_of_rows", "read_whole"]

# The rows that these builders take. Others take columns, or are the user's own.
_TAKES = {text_classifier: "text", cnn_classifier: "image", sequence_classifier: "sequence"}
_SHAPES = {
    "text": "one string for each row: X of shape (n,)",
    "image": "images: X of shape (n, height, width, channels)",
    "sequence": "sequences: X of shape (n, steps) or (n, steps, channels)",
    None: "columns: X of shape (n, features), or a DataFrame",
}
_NAMES = {"text": "text", "image": "image", "sequence": "series"}


@dataclasses.dataclass(frozen=True)
class WholeReader:
    """Reads `X` as the training rows were read.

    Attributes:
        feature: `Feature` without statistics, the one input of the model.
        owner: str. The estimator, for errors.
    """

    feature: Feature
    owner: str

    @property
    def inputs(self) -> dict[str, str]:
        """Dict from column name to the name of the model's input."""
        return {self.feature.name: self.feature.name}

    def read(self, x: Any) -> dict[str, np.ndarray]:
        """Return a dict from input name to array.

        Raises:
            ValueError: when the rows are of another kind or shape.
        """
        values = column_values(self.feature, _one_column(x, self.feature.kind), self.owner, "X")
        if not len(values):
            raise DataError(f"{self.owner}: X has no rows.")
        return {self.feature.name: values}

    def describe(self, values: np.ndarray) -> Feature:
        """Return the feature with the statistics of training rows."""
        name = self.feature.name
        if self.feature.kind == "text":
            return describe_text(name, values, origin="X")
        if self.feature.kind == "image":
            return describe_feature(name, values)
        return describe_sequences(list(values))


def kind_of_rows(
    x: Any, builder: Callable, builders: dict[str, Callable], owner: str
) -> str | None:
    """Return `"text"`, `"image"` or `"sequence"`, or `None` for rows of columns.

    Strings of shape `(n,)` are texts, an array of shape `(n, height, width, channels)` is of
    images, and one of shape `(n, steps, channels)` is of sequences. The builder decides where
    a shape could be two of them.

    Args:
        x: what the user passed.
        builder: function that makes the model.
        builders: dict from name to function. The builders that kerakit knows.
        owner: str. The estimator, for errors.

    Raises:
        ArgumentError: when the builder takes rows of another kind.
    """
    wanted = _TAKES.get(builder)
    found = _found(x, wanted)
    if found != wanted and (wanted or builder in builders.values()):
        named = next((name for name, one in builders.items() if _TAKES.get(one) == found), None)
        other = f" For {_SHAPES[found]}, pass builder={named!r}." if named and found else ""
        raise ArgumentError(
            f"{owner}: the builder {builder.__name__} takes {_SHAPES[wanted]}. Got "
            f"{_shown(x)}.{other}"
        )
    return found


def read_whole(x: Any, kind: str, owner: str) -> tuple[WholeReader, dict[str, np.ndarray]]:
    """Read the `X` of training rows that are whole texts, images or sequences.

    Args:
        x: what the user passed.
        kind: str, from `kind_of_rows`.
        owner: str. The estimator, for errors.

    Returns:
        `(WholeReader, arrays)`, as `read_features` returns.

    Raises:
        ValueError: when the rows cannot be used.
    """
    name = _NAMES[kind]
    if kind == "text":
        reader = WholeReader(Feature(name, "text", "string"), owner)
    elif kind == "image":
        images, _ = as_images(x, "X")
        reader = WholeReader(Feature(name, "image", "uint8", images.shape[1:]), owner)
    else:
        channels = np.shape(x[0])[1:] if isinstance(x, (list, tuple)) else np.shape(x)[2:]
        reader = WholeReader(Feature(name, "sequence", shape=(None, *channels)), owner)
    return reader, reader.read(x)


def _found(x, wanted):
    if is_frame(x):
        one = wanted == "text" and x.shape[1] == 1
        return "text" if one else None
    if hasattr(x, "to_pylist") or hasattr(x, "to_list"):  # a column of Arrow, pandas or polars
        return "text" if _is_text(next(iter(x), None)) or _holds_texts(x) else None
    dimensions = _dimensions(x)
    if dimensions == 1:
        return "text" if _holds_texts(x) else None
    if dimensions == 4:
        return "image"
    if dimensions == 3:
        return "image" if wanted == "image" else "sequence"
    return "sequence" if dimensions == 2 and wanted == "sequence" else None


def _dimensions(x):
    """Dimensions of an array-like; of a list they are those of its first elements."""
    depth = 0
    while not hasattr(x, "ndim") and isinstance(x, (list, tuple)) and len(x):
        x, depth = x[0], depth + 1
    return depth + getattr(x, "ndim", 0)


def _holds_texts(x):
    if getattr(getattr(x, "dtype", None), "kind", "O") in "US":
        return True
    present = (value for value in itertools.islice(x, 1000) if value is not None)
    return _is_text(next((value for value in present if value == value), None))


def _is_text(value):
    return isinstance(value, (str, bytes))


def _one_column(x, kind):
    if kind == "text" and is_frame(x):
        (column,) = frame_columns(x, "X").values()
        return column
    return x


def _shown(x):
    if is_frame(x):
        return f"a table of shape {tuple(x.shape)}"
    if _found(x, None) == "text":
        return "one string for each row"
    shape = getattr(x, "shape", None)
    return f"{type(x).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")
