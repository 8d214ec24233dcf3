"""Small sets that come with scikit-learn or are generated: no download, no file."""

import numpy as np

from kerakit.checks import check_choice
from kerakit.data.builtin.generated import control_charts
from kerakit.data.builtin.registry import BUILTIN_SETS
from kerakit.data.builtin.sequences import builtin_forecast, builtin_sequences
from kerakit.data.builtin_texts import builtin_messages, builtin_sentences
from kerakit.data.tables.arrays import load_arrays
from kerakit.errors import ArgumentError, DataError

__all__ = ["list_builtin", "load_builtin"]


# Those that can be seen otherwise than as a table, the first as they are without `view=`.
_VIEWS = {"digits": ("image", "table", "rows"), "control_charts": ("rows",)}
_VIEWS |= {"mackey_glass": (), "messages": (), "sentences": ()}
_TABLE = ("table",)
_HELD = {
    "forecast": "a series to forecast",
    "binary": "a set of texts of two classes",
    "tagging": "a set of tagged sentences",
}

# 84 steps ahead is what most forecasts of it are compared at since Lapedes & Farber 1987;
# twice as many to look back on hold three of its oscillations (some 50 steps each).
_WINDOW, _HORIZON = 168, 84


def list_builtin():
    """Return the built-in sets, a dict from name to `BuiltinSet`.

    Example:

    >>> list_builtin()["iris"].rows
    150
    """
    return dict(BUILTIN_SETS)


def load_builtin(
    name,
    *,
    view=None,
    task=None,
    window=None,
    horizon=None,
    test_size=0.2,
    validation_size=0.2,
    column_types=None,
    exclude=(),
    rename_labels=None,
    pos_label=None,
    seed=0,
):
    """Load a small set that comes with scikit-learn, or is generated.

    Args:
        name: str. One of `list_builtin()`.
        view: str. Of `digits`: `"image"` (shape `(8, 8, 1)`, in [0, 255]), `"table"` (64 numbers
            in [0, 16]) or `"rows"` (sequences of 8 steps, the rows from the top, of 8 numbers
            in [0, 16]). The other sets have one view each, `"table"`, or `"rows"` for
            `control_charts`; series to forecast, texts and tags have none. Defaults to `None`:
            images where the set has them.
        task: str. Defaults to `None`: the set's own.
        window, horizon: ints in `[1, inf)`, of `mackey_glass` only: as in `load_series`.
            Default to `None`: 168 and 84 steps.
        test_size, validation_size: as in `load_csv`; of `mackey_glass` as in `load_series`.
        column_types, exclude: as in `load_csv`, of tables only.
        rename_labels: as in `load_csv`, of classes and tags only.
        pos_label: as in `load_csv`, of classes only.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.

    Returns:
        `Data`. Numbers are as they were measured; class labels are words (`"setosa"`) or
        digits (`"7"`). `digits` is one input `image` of shape `(8, 8, 1)`, as a table one
        input `features` of shape `(64,)`, as rows one input `series` of shape `(8, 8)`;
        `control_charts` is one input `series` of shape `(60,)`, `mackey_glass` one input
        `window`, `messages` one input `text`, `sentences` one input `tokens`, with a tag per
        token; the other sets have one input per column.

    Raises:
        ArgumentError: when there is no such set or a parameter has a value that it cannot
            have.
        DataError: when the data cannot be used as the parameters ask.

    Example:

    >>> data = load_builtin("iris")
    >>> data
    Data(multiclass, 4 features, train=96, validation=24, test=30)
    >>> data.spec.classes
    ('setosa', 'versicolor', 'virginica')
    """
    check_choice("load_builtin", "name", name, BUILTIN_SETS)
    entry = BUILTIN_SETS[name]
    view = _view(name, view)
    if name != "mackey_glass":
        _refuse(name, "a series to forecast", window=window, horizon=horizon)
    if view == "rows" or not _VIEWS.get(name, _TABLE):
        _refuse(name, "tables", column_types=column_types, exclude=exclude)
    sizes = {"test_size": test_size, "validation_size": validation_size, "seed": seed}
    if view is None:
        if task not in (None, entry.task):
            what = _HELD[entry.task]
            raise DataError(f"{name!r} is {what}. Got task={task!r}; leave it out.")
        if name == "messages":
            return builtin_messages(rename_labels=rename_labels, pos_label=pos_label, **sizes)
        _refuse(name, "classes", pos_label=pos_label)
        if name == "sentences":
            return builtin_sentences(rename_labels=rename_labels, **sizes)
        _refuse(name, "classes", rename_labels=rename_labels)
        window = _WINDOW if window is None else window
        horizon = _HORIZON if horizon is None else horizon
        return builtin_forecast(name, window=window, horizon=horizon, **sizes)
    if view == "rows":
        words = {"task": task or entry.task, "rename_labels": rename_labels, "pos_label": pos_label}
        x, y = _read(entry)
        return builtin_sequences(name, x, y, entry.target, **words, **sizes)
    x, y = _read(entry)
    if view == "image":
        # Of 17 levels of grey, 0 to 16.
        x = np.rint(x * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return load_arrays(
        x,
        {entry.target: y},
        task=task or entry.task,
        column_types=column_types,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        unit=entry.unit,
        dataset=name,
        **sizes,
    )


def _view(name, view):
    """The view of a set that is asked for, or its first; `None` where it has none."""
    views = _VIEWS.get(name, _TABLE)
    if view is None:
        return next(iter(views), None)
    check_choice("load_builtin", "view", view, ("image", "table", "rows"))
    if view not in views:
        own = "a table" if views == _TABLE else "no table" if view == "table" else "no such set"
        others = [known for known in list_builtin() if view in _VIEWS.get(known, _TABLE)]
        raise DataError(f"{name!r} is {own}; view={view!r} goes with {', '.join(others)}.")
    return view


def _refuse(name, what, **given):
    """Refuse parameters that mean nothing for a set."""
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
