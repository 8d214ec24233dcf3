"""Built-in data sets: `list_builtin` and `load_builtin`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.checks import check_choice, naming
from kerakit.data.builtin.generated import control_charts
from kerakit.data.builtin.registry import BUILTIN_SETS, BuiltinSet
from kerakit.data.builtin.sequences import (
    builtin_forecast,
    builtin_messages,
    builtin_sentences,
    builtin_sequences,
)
from kerakit.data.options import Options
from kerakit.data.tables.arrays import load_arrays
from kerakit.errors import ArgumentError, DataError
from kerakit.status import telling

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["list_builtin", "load_builtin"]

# The views of sets that are not only tables. The first is the one without `view=`.
_VIEWS = {"digits": ("image", "table", "rows"), "control_charts": ("rows",)}
_VIEWS |= {"mackey_glass": (), "messages": (), "sentences": ()}
_TABLE = ("table",)
_OWNER = "load_builtin"
_TITLES = {
    "forecast": "a series to forecast",
    "binary": "a set of texts of two classes",
    "tagging": "a set of tagged sentences",
}

# Most forecasts of it are compared 84 steps ahead since Lapedes & Farber 1987. A window of
# twice as many steps holds three of its oscillations (of about 50 steps each).
_WINDOW, _HORIZON = 168, 84


def list_builtin() -> dict[str, BuiltinSet]:
    """List the built-in data sets, as a dict from name to `BuiltinSet`.

    Example:

    >>> list_builtin()["iris"].rows
    150
    """
    return dict(BUILTIN_SETS)


@telling("Reading {}")
def load_builtin(
    name: str,
    *,
    view: Literal["image", "table", "rows"] | None = None,
    task: Literal["regression", "binary", "multiclass", "multilabel"] | None = None,
    window: int | None = None,
    horizon: int | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    column_types: Mapping[str, str] | None = None,
    exclude: str | Sequence[str] = (),
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    seed: int = 0,
) -> Data:
    """Load a small data set that comes with scikit-learn, or is generated. No download.

    Args:
        name: str. One of `list_builtin()`.
        view: str. For `digits`: `"image"` (shape `(8, 8, 1)`, in [0, 255]), `"table"` (64 numbers
            in [0, 16]) or `"rows"` (sequences of 8 steps, the rows from the top, of 8 numbers
            in [0, 16]). The other sets have one view each: `"rows"` for `control_charts`, none
            for a series to forecast, texts and tags, `"table"` for the rest. Defaults to `None`:
            images where the set has them.
        task: str. Defaults to `None`: the set's own.
        window, horizon: ints in `[1, inf)`, for `mackey_glass` only, as in `load_series`.
            Default to `None`: 168 and 84 steps.
        test_size, validation_size: as in `load_csv`; for `mackey_glass` as in `load_series`.
        column_types, exclude: as in `load_csv`, for tables only.
        rename_labels: as in `load_csv`, for classes and tags only.
        pos_label: as in `load_csv`, for classes only.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.

    Returns:
        `Data`. Numbers are as they were measured. Class labels are words (`"setosa"`) or digits
        (`"7"`). `digits` is one input `image` of shape `(8, 8, 1)`, as a table one input
        `features` of shape `(64,)`, as rows one input `series` of shape `(8, 8)`.
        `control_charts` is one input `series` of shape `(60,)`, `mackey_glass` one input
        `window`, `messages` one input `text`, `sentences` one input `tokens`, with a tag per
        token. The other sets have one input per column.

    Raises:
        ArgumentError: when there is no such set or an argument has a value that it cannot have.
        DataError: when the set cannot have the view, task or labels that are asked for.

    Example:

    >>> data = load_builtin("iris")
    >>> data
    Data 'iris': multiclass
      rows: train 96, validation 24, test 30
      4 numeric features: sepal_length_cm, sepal_width_cm, petal_length_cm, petal_width_cm
      target: species
      3 classes: 'setosa', 'versicolor', 'virginica'
    """
    check_choice(_OWNER, "name", name, BUILTIN_SETS)
    entry = BUILTIN_SETS[name]
    with naming(_OWNER):
        view = _view(name, view)
        if name != "mackey_glass":
            _refuse(name, "a series to forecast", window=window, horizon=horizon)
        if view == "rows" or not _VIEWS.get(name, _TABLE):
            _refuse(name, "tables", column_types=column_types, exclude=exclude)
        sizes: dict[str, Any] = {"test_size": test_size, "validation_size": validation_size}
        sizes["seed"] = seed
        labels = {"rename_labels": rename_labels, "pos_label": pos_label}
        if view is None:
            if task not in (None, entry.task):
                raise DataError(
                    f"{name!r} is {_TITLES[entry.task]}. Got task={task!r}. Leave it out."
                )
            if name == "messages":
                return builtin_messages(**labels, **sizes)
            _refuse(name, "classes", pos_label=pos_label)
            if name == "sentences":
                return builtin_sentences(rename_labels=rename_labels, **sizes)
            _refuse(name, "classes", rename_labels=rename_labels)
            window = _WINDOW if window is None else window
            horizon = _HORIZON if horizon is None else horizon
            return builtin_forecast(name, window=window, horizon=horizon, **sizes)
        # Checked here, so that an error names this function and not `load_arrays`.
        tables = {"column_types": column_types, "exclude": exclude}
        Options(_OWNER, task=task or entry.task, **tables, **labels, **sizes)
        x, y = _read(entry)
        if view == "rows":
            options = {"task": task or entry.task, **labels, **sizes}
            return builtin_sequences(name, x, y, entry.target, **options)
        if view == "image":
            # Of 17 levels of grey, 0 to 16.
            x = np.rint(x * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        return load_arrays(
            x,
            {entry.target: y},
            task=task or entry.task,
            unit=entry.unit,
            dataset=name,
            **tables,
            **labels,
            **sizes,
        )


def _view(name, view):
    """The view `view` of a set, or its first view; `None` where it has none."""
    views = _VIEWS.get(name, _TABLE)
    if view is None:
        return next(iter(views), None)
    check_choice(_OWNER, "view", view, ("image", "table", "rows"))
    if view not in views:
        title = "a table" if views == _TABLE else "no table" if view == "table" else "no such set"
        others = [known for known in list_builtin() if view in _VIEWS.get(known, _TABLE)]
        raise DataError(f"{name!r} is {title}; view={view!r} goes with {', '.join(others)}.")
    return view


def _refuse(name, what, **given):
    """Refuse parameters that have no meaning for a set."""
    given = [f"{parameter}=" for parameter, value in given.items() if value not in (None, (), {})]
    if given:
        raise ArgumentError(f"{name!r}: {' and '.join(given)} of load_builtin go with {what}.")


def _read(entry):
    """`(features, target)` of a set, with class labels as words where it has words."""
    if entry.name == "control_charts":
        return control_charts()
    from sklearn import datasets

    # Unscaled: what a client would send is what was measured.
    options = {"scaled": False} if entry.name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{entry.name}")(**options)
    if entry.name == "digits":
        return bunch.data, bunch.target
    x = dict(zip(bunch.feature_names, bunch.data.T, strict=True))
    y = bunch.target_names[bunch.target] if entry.task != "regression" else bunch.target
    return x, y
