"""Small sets that come with scikit-learn: no download, no file."""

import dataclasses

import numpy as np

from kerakit.checks import check_choice
from kerakit.data.arrays import load_arrays
from kerakit.errors import DataError

__all__ = ["BuiltinSet", "list_builtin", "load_builtin"]


@dataclasses.dataclass(frozen=True)
class BuiltinSet:
    """A built-in set.

    Attributes:
        name: str.
        title: str. What a row is and what is predicted.
        task: str. Its task unless the user asks for another.
        rows: int.
        features: int. How many numbers a row has.
        source: str. Where the data come from.
        target: str. Name of the target.
        unit: str or `None`. Unit of a numeric target.
    """

    name: str
    title: str
    task: str
    rows: int
    features: int
    source: str
    target: str
    unit: str | None = None


_SETS = (
    BuiltinSet(
        "diabetes",
        "Diabetes patients: progression of the disease one year on",
        "regression",
        rows=442,
        features=10,
        source="Efron et al. 2004, Least Angle Regression",
        target="progression",
    ),
    BuiltinSet(
        "iris",
        "Iris flowers: species from sizes of sepal and petal",
        "multiclass",
        rows=150,
        features=4,
        source="Fisher 1936, The use of multiple measurements in taxonomic problems",
        target="species",
    ),
    BuiltinSet(
        "wine",
        "Wines: grower from a chemical analysis",
        "multiclass",
        rows=178,
        features=13,
        source="Aeberhard & Forina 1991, UCI Machine Learning Repository",
        target="class",
    ),
    BuiltinSet(
        "breast_cancer",
        "Breast tumours: malignant or benign from cell nuclei",
        "binary",
        rows=569,
        features=30,
        source="Wolberg et al. 1993, UCI Machine Learning Repository",
        target="diagnosis",
    ),
    BuiltinSet(
        "digits",
        "Handwritten digits, images of 8x8 pixels",
        "multiclass",
        rows=1797,
        features=64,
        source="Alpaydin & Kaynak 1998, UCI Machine Learning Repository",
        target="digit",
    ),
)


# Those that are images, and their shapes.
_IMAGES = {"digits": (8, 8, 1)}


def list_builtin():
    """Return the built-in sets, a dict from name to `BuiltinSet`.

    Example:

    >>> list_builtin()["iris"].rows
    150
    """
    return {entry.name: entry for entry in _SETS}


def load_builtin(
    name,
    *,
    view=None,
    task=None,
    test_size=0.2,
    validation_size=0.2,
    kinds=None,
    exclude=(),
    labels=None,
    positive=None,
    seed=0,
):
    """Load a small set that comes with scikit-learn.

    Args:
        name: str. One of `list_builtin()`.
        view: str. `"image"` or `"table"`, of which `digits` has both: as images of shape
            `(8, 8, 1)` in [0, 255], or as rows of 64 numbers in [0, 16]. Defaults to `None`:
            images where the set has them.
        task: str. Defaults to `None`: the set's own.
        test_size, validation_size, kinds, exclude, labels, positive, seed: as in `load_csv`.

    Returns:
        `Data`. Numbers are as they were measured; class labels are words (`"setosa"`) or
        digits (`"7"`). `digits` is one input `image` of shape `(8, 8, 1)`, or as a table one
        input `features` of shape `(64,)`; the other sets have one input per column.

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
    check_choice("load_builtin", "name", name, list_builtin())
    entry = list_builtin()[name]
    if view is not None:
        check_choice("load_builtin", "view", view, ("image", "table"))
        if view == "image" and name not in _IMAGES:
            raise DataError(f"{name!r} is a table; view='image' goes with {', '.join(_IMAGES)}.")
    x, y = _read(entry)
    if name in _IMAGES and view != "table":
        # Of 17 levels of grey, 0 to 16.
        x = np.rint(x * (255 / 16)).astype(np.uint8).reshape(-1, *_IMAGES[name])
    return load_arrays(
        x,
        {entry.target: y},
        task=task or entry.task,
        test_size=test_size,
        validation_size=validation_size,
        kinds=kinds,
        exclude=exclude,
        labels=labels,
        positive=positive,
        unit=entry.unit,
        seed=seed,
        dataset=name,
    )


def _read(entry):
    """`(features, target)` of a set, with class labels as words where it has words."""
    from sklearn import datasets

    # Unscaled: what a client would send is what was measured.
    options = {"scaled": False} if entry.name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{entry.name}")(**options)
    if entry.name == "digits":
        return bunch.data, bunch.target
    x = dict(zip(bunch.feature_names, bunch.data.T, strict=True))
    y = bunch.target_names[bunch.target] if entry.task != "regression" else bunch.target
    return x, y
