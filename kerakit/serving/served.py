"""`load_served`: an export as a plain Python function."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.rows import has_free_length, stacked
from kerakit.serving.contract.versions import version_folder

__all__ = ["Served", "load_served"]

_SHOWN = 8  # tensors in the representation


class Served:
    """An export as a plain Python function. `load_served` makes it.

    It can be called from several threads at once.

    Attributes:
        path: `pathlib.Path` of the version's folder.
        manifest: dict. The export's `kerakit.json`.
        spec: `Spec` of the data that the model was trained on.
    """

    def __init__(self, path: pathlib.Path, manifest: dict[str, Any], loaded: Any):
        self.path = path
        self.manifest = manifest
        self.spec = Spec.from_dict(manifest["spec"])
        self._names = set(self.spec.feature_names)
        self._loaded = loaded  # the signature does not keep its variables alive
        self._outputs, self._call = _direct_call(loaded.signatures["serving_default"], self.spec)

    def __call__(self, features: dict[str, Any]) -> dict[str, np.ndarray]:
        """Answer rows of raw features as the server would.

        Args:
            features: dict from feature name to column: array or list of shape
                `(n, *feature.shape)`. Numbers become float32; a missing number is NaN or
                `None`, a missing string `""` or `None`. Sequences whose length is free may
                be a list of unequal ones.

        Returns:
            dict from output name to array: float32, or `object` arrays of `str`.

        Raises:
            ArgumentError: when a column is missing, unknown, or of the wrong shape or type.
        """
        if not isinstance(features, dict) or features.keys() != self._names:
            _check_names(features, self.spec)
        with np.errstate(over="ignore"):
            columns = [_column(features[f.name], f) for f in self.spec.features]
        rows = len(columns[0])
        if any(len(column) != rows for column in columns):
            lengths = {f.name: len(c) for f, c in zip(self.spec.features, columns, strict=True)}
            raise ArgumentError(
                f"The columns of a served model must have one length. Got {short_repr(lengths)} "
                "instead."
            )
        try:
            return self.answer(columns)
        except ValueError:
            _check_unicode(columns, self.spec)
            raise

    def answer(self, columns: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Answer columns that are known to fit the spec; they are not checked.

        Args:
            columns: list of arrays in the order of `spec.features`, each of the feature's
                dtype (`object` arrays of `str` for strings) and of shape
                `(n, *feature.shape)`.

        Returns:
            dict, as `__call__`.
        """
        answers = zip(self._outputs, self._call(columns), strict=True)
        return {name: _plain(tensor.numpy()) for name, tensor in answers}

    def __repr__(self) -> str:
        stated = self.manifest["signatures"]["serving_default"]
        lines = [f"Served({str(self.path)!r})"]
        for side in ("inputs", "outputs"):
            tensors = [f"{name} {_shown(tensor)}" for name, tensor in stated[side].items()]
            more = f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else ""
            lines.append(f"  {side}: {', '.join(tensors[:_SHOWN])}{more}")
        lines.append(f"  signatures: {', '.join(self.manifest['signatures'])}")
        return "\n".join(lines)


def load_served(path: str | os.PathLike[str]) -> Served:
    """Load an exported model for predictions in Python, as a function of columns.

    The function is the one that the server runs, without Keras' overhead.

    Args:
        path: path of a version, such as `"saved_models/wine/1"`, or of a model's folder,
            for its highest version.

    Returns:
        `Served`, a function from a dict of columns to a dict of arrays.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`, or it is not whole.

    Example:

    ```python
    served = kk.load_served("saved_models/wine")
    served({"alcohol": [9.4, 10.2], "type": ["red", "white"]})["prediction"]
    ```
    """
    folder = version_folder("load_served", path)
    manifest = read_manifest(folder)
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(os.fspath(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        text = " ".join(str(error).split())[:200]
        raise ArgumentError(
            f"load_served cannot load {folder}: it is not a whole SavedModel ({text}). Export the "
            "model again."
        ) from error
    return Served(folder, manifest, loaded)


def _direct_call(signature, spec):
    """Names of the outputs, and a function from a list of columns to a list of tensors.

    Calling a signature binds its arguments by name, makes a tensor of each and passes the
    work to another thread, which for one row costs several times what the network does.
    Calling the same function by its operation does none of that
    (tests/benchmarks/serving_speed.py has the numbers).
    """
    import tensorflow as tf

    names = spec.feature_names
    outputs = tuple(signature.structured_outputs)

    def by_position(*columns):
        answer = signature(**dict(zip(names, columns, strict=True)))
        return [answer[name] for name in outputs]

    inputs = [tf.TensorSpec([None, *f.shape], f.dtype, name=f.name) for f in spec.features]
    function = tf.function(by_position, input_signature=inputs, autograph=False)
    function = function.get_concrete_function()
    captured = list(function.captured_inputs)
    dtypes = [tensor.dtype for tensor in function.outputs]
    call = tf.raw_ops.StatefulPartitionedCall
    return outputs, lambda columns: call(args=[*columns, *captured], Tout=dtypes, f=function)


def _check_names(features, spec):
    if not isinstance(features, dict):
        raise ArgumentError(
            f"A served model takes a dict of columns: {_words(spec.feature_names)}. "
            f"Got {type(features).__name__} instead."
        )
    absent = [name for name in spec.feature_names if name not in features]
    unknown = [name for name in features if name not in spec.feature_names]
    raise ArgumentError(
        (f"The columns [{shortlist(absent)}] are missing. " if absent else "")
        + (
            f"The served model does not know the columns [{shortlist(unknown)}]. "
            if unknown
            else ""
        )
        + f"It takes {_words(spec.feature_names)}."
    )


def _words(names, limit=8):
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit])[:150] + more


def _column(values, feature):
    """A column as an array of the feature's dtype and shape."""
    try:
        if has_free_length(feature):
            values = stacked(values, feature)
        column = np.asarray(values, object if feature.dtype == "string" else feature.dtype)
        if feature.dtype == "string":
            column = _texts(column)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The column {feature.name!r} cannot be used by the served model: {_cut(error)}."
        ) from error
    if feature.shape == () and column.ndim == 1:
        return column
    shape, wanted = column.shape[1:], tuple(feature.shape)
    if not column.ndim or len(shape) != len(wanted):
        raise ArgumentError(
            f"The column {feature.name!r} must have the shape (n, *{wanted}) for the served model. "
            f"Got {column.shape} instead."
        )
    if any(want not in (None, have) for want, have in zip(wanted, shape, strict=True)):
        raise ArgumentError(
            f"The rows of the column {feature.name!r} must have the shape {wanted} for the served "
            f"model. Got {shape} instead."
        )
    return column


def _texts(column):
    flat = column.ravel().tolist()
    if set(map(type, flat)) <= {str}:
        return column
    texts = ["" if _is_missing(value) else _text(value) for value in flat]
    return np.array(texts, object).reshape(column.shape)


def _check_unicode(columns, spec):
    """Refuse half of a surrogate pair: a `str` that no request can carry."""
    for feature, column in zip(spec.features, columns, strict=True):
        for value in column.ravel() if feature.dtype == "string" else ():
            try:
                _ = value if isinstance(value, bytes) else value.encode()
            except UnicodeEncodeError as error:
                raise ArgumentError(
                    f"The column {feature.name!r} cannot be used by the served model: "
                    f"{short_repr(value)} is not Unicode text."
                ) from error


def _is_missing(value):
    return value is None or (isinstance(value, float) and np.isnan(value))


def _text(value):
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"expected strings, got {short_repr(value)}")
    return value


def _cut(error):
    return " ".join(str(error).split())[:200].rstrip(".")


def _shown(tensor):
    sizes = ["n", *("any" if size is None else str(size) for size in tensor["shape"][1:])]
    return f"{tensor['dtype']} ({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def _plain(array):
    if array.dtype != object:
        return array
    return np.array([value.decode() for value in array.ravel()], object).reshape(array.shape)
