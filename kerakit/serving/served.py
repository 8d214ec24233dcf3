"""An export as a plain Python function."""

import os

import numpy as np

from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.rows import has_free_length, stacked
from kerakit.serving.contract.versions import version_folder

__all__ = ["Served", "load_served"]


class Served:
    """An export as a plain Python function, made by `load_served`.

    It can be called from several threads at once.

    Attributes:
        path: `pathlib.Path` of the version's folder.
        manifest: dict. The export's `kerakit.json`.
        spec: `Spec` of the data that the model was trained on.
    """

    def __init__(self, path, manifest, loaded):
        self.path = path
        self.manifest = manifest
        self.spec = Spec.from_dict(manifest["spec"])
        self._names = set(self.spec.feature_names)
        self._loaded = loaded  # the signature does not keep its variables alive
        self._outputs, self._call = _direct_call(loaded.signatures["serving_default"], self.spec)

    def __call__(self, features):
        """Answer as the server would.

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
            raise ArgumentError(f"The columns must have one length. Got {lengths} instead.")
        try:
            return self.answer(columns)
        except ValueError:
            _check_unicode(columns, self.spec)
            raise

    def answer(self, columns):
        """Answer columns that are known to fit; nothing is checked.

        Args:
            columns: list of arrays in the order of `spec.features`, each of the feature's
                dtype (`object` arrays of `str` for strings) and of shape
                `(n, *feature.shape)`.

        Returns:
            dict, as `__call__`.
        """
        answers = zip(self._outputs, self._call(columns), strict=True)
        return {name: _plain(tensor.numpy()) for name, tensor in answers}

    def __repr__(self):
        return f"Served({str(self.path)!r})"


def load_served(path):
    """Load an export as a plain function from columns to answers.

    It runs the very function that the server runs, without Keras' overhead.

    Args:
        path: path of a version, such as `"saved_models/wine/1"`, or of a model's folder,
            for its highest version.

    Returns:
        `Served`: call it with a dict of columns, get a dict of arrays.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`.

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
        raise ArgumentError(f"{folder} is no whole SavedModel: {error}") from error
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
            f"Expected a dict of columns: {', '.join(spec.feature_names)}. "
            f"Got {type(features).__name__} instead."
        )
    absent = [name for name in spec.feature_names if name not in features]
    unknown = [name for name in features if name not in spec.feature_names]
    raise ArgumentError(
        (f"The columns {absent} are missing. " if absent else "")
        + (f"The model does not know the columns {unknown}. " if unknown else "")
        + f"It takes {', '.join(spec.feature_names)}."
    )


def _column(values, feature):
    """A column as an array of the feature's dtype and shape."""
    try:
        if has_free_length(feature):
            values = stacked(values, feature)
        column = np.asarray(values, object if feature.dtype == "string" else feature.dtype)
        if feature.dtype == "string":
            column = _texts(column)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"The column {feature.name!r} cannot be used: {error}.") from error
    if feature.shape == () and column.ndim == 1:
        return column
    shape, wanted = column.shape[1:], tuple(feature.shape)
    if not column.ndim or len(shape) != len(wanted):
        raise ArgumentError(
            f"The column {feature.name!r} must have the shape (n, *{wanted}). "
            f"Got {column.shape} instead."
        )
    if any(want not in (None, have) for want, have in zip(wanted, shape, strict=True)):
        raise ArgumentError(
            f"The rows of the column {feature.name!r} must have the shape {wanted}. "
            f"Got {shape} instead."
        )
    return column


def _texts(column):
    flat = column.ravel().tolist()
    if set(map(type, flat)) <= {str}:
        return column
    texts = ["" if _is_missing(value) else _text(value) for value in flat]
    return np.array(texts, object).reshape(column.shape)


def _check_unicode(columns, spec):
    """Half a surrogate pair is a `str` that no request can carry."""
    for feature, column in zip(spec.features, columns, strict=True):
        for value in column.ravel() if feature.dtype == "string" else ():
            try:
                _ = value if isinstance(value, bytes) else value.encode()
            except UnicodeEncodeError as error:
                raise ArgumentError(
                    f"The column {feature.name!r} cannot be used: {value!r} is no Unicode text."
                ) from error


def _is_missing(value):
    return value is None or (isinstance(value, float) and np.isnan(value))


def _text(value):
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"expected strings, got {value!r}")
    return value


def _plain(array):
    if array.dtype != object:
        return array
    return np.array([value.decode() for value in array.ravel()], object).reshape(array.shape)
