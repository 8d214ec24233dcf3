"""Asking an export: from Python, from the command line, from a file."""

import json
import os
import shlex
import urllib.parse

import numpy as np

from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.serving.manifest import read_manifest
from kerakit.serving.versions import version_folder

__all__ = ["Served", "curl_line", "docker_line", "load_served", "predict_csv", "request_example"]


class Served:
    """An export as a plain Python function, made by `load_served`.

    Attributes:
        path: `pathlib.Path` of the version's folder.
        manifest: dict. The export's `kerakit.json`.
        spec: `Spec` of the data that the model was trained on.
    """

    def __init__(self, path, manifest, loaded):
        self.path = path
        self.manifest = manifest
        self.spec = Spec.from_dict(manifest["spec"])
        self._loaded = loaded  # the signature does not keep its variables alive
        self._function = loaded.signatures["serving_default"]

    def __call__(self, features):
        """Answer as the server would.

        Args:
            features: dict from feature name to column: array or list of shape
                `(n, *feature.shape)`. Numbers become float32; a missing number is NaN or
                `None`, a missing string `""` or `None`.

        Returns:
            dict from output name to array: float32, or `object` arrays of `str`.

        Raises:
            ArgumentError: when a column is missing, unknown, or of the wrong shape or type.
        """
        import tensorflow as tf

        _check_names(features, self.spec)
        columns = {f.name: _column(features[f.name], f) for f in self.spec.features}
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ArgumentError(f"The columns must have one length. Got {lengths} instead.")
        tensors = {f.name: tf.constant(columns[f.name], f.dtype) for f in self.spec.features}
        return {name: _plain(tensor.numpy()) for name, tensor in self._function(**tensors).items()}

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


def predict_csv(path, csv, out, *, batch_size=1024, **text):
    """Score a file: one row of answers for each of its rows.

    Args:
        path: path of an export.
        csv: path of a CSV (or TSV, or Parquet) file with the columns of the training data,
            under their names there or in the model; others are ignored.
        out: path of the CSV to write, with one column per output: `prediction`, `lower`
            and `upper` (`prediction_TARGET` for several targets); `label` (or `labels`,
            joined by `;`), `confidence` and `probability_CLASS`. Written whole or not at
            all.
        batch_size: int. Rows at a time. Defaults to 1024.
        **text: `columns=`, `separator=`, `quote=`, `encoding=`, as for `load_csv`.

    Returns:
        int, the number of rows.

    Raises:
        DataError: when a column is missing or a cell is not a number, with its row.
    """
    from kerakit.serving.score import score_file

    return score_file(load_served(path), csv, out, batch_size, text)


def request_example(manifest):
    """Return the body of an example request, as it can be posted: one line of JSON."""
    return json.dumps(manifest["signatures"]["serving_default"]["example"]["request"])


def curl_line(path, manifest=None):
    """Return the shell command that asks a local server for the example of an export.

    Args:
        path: path of an export.
        manifest: dict, or `None` to read it from the export. Defaults to `None`.
    """
    manifest = manifest or read_manifest(version_folder("curl_line", path))
    name = urllib.parse.quote(manifest["name"])
    url = f"http://localhost:8501/v1/models/{name}:predict"
    return f"curl -d {shlex.quote(request_example(manifest))} {shlex.quote(url)}"


def docker_line(path):
    """Return the shell command that serves a model, all its versions to come included."""
    folder = version_folder("docker_line", path)
    base, name = folder.parent, folder.parent.name
    if ":" in str(base):  # docker's -v cuts at colons
        mount = f"--mount {shlex.quote(f'type=bind,source={base},target=/models/{name}')}"
    else:
        mount = "-v " + _double_quoted(f"{base}:/models/{name}")
    return f"docker run -p 8501:8501 {mount} -e MODEL_NAME={shlex.quote(name)} tensorflow/serving"


def _double_quoted(text):
    for special in '\\"$`':
        text = text.replace(special, f"\\{special}")
    return f'"{text}"'


def _check_names(features, spec):
    if not isinstance(features, dict):
        raise ArgumentError(
            f"Expected a dict of columns: {', '.join(spec.feature_names)}. "
            f"Got {type(features).__name__} instead."
        )
    absent = [name for name in spec.feature_names if name not in features]
    unknown = [name for name in features if name not in spec.feature_names]
    if absent or unknown:
        raise ArgumentError(
            (f"The columns {absent} are missing. " if absent else "")
            + (f"The model does not know the columns {unknown}. " if unknown else "")
            + f"It takes {', '.join(spec.feature_names)}."
        )


def _column(values, feature):
    """A column as an array that `tf.constant` takes."""
    try:
        if feature.dtype == "string":
            column = np.asarray(values, object)
            flat = ["" if _is_missing(v) else _text(v) for v in column.ravel()]
            column = np.array(flat, object).reshape(column.shape)
        else:
            with np.errstate(over="ignore"):
                column = np.asarray(values, feature.dtype)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"The column {feature.name!r} cannot be used: {error}.") from error
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
