"""`load_served`: an export as a plain Python function."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np

from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.serving.answering.answer import answer_rows, plain
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import version_folder
from kerakit.status import telling

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
        self._loaded = loaded  # the signature does not keep its variables alive
        self._outputs, self._call = _direct_call(loaded.signatures["serving_default"], self.spec)

    def __call__(self, rows: Any) -> Any:
        """Answer rows of raw features as the server would.

        Args:
            rows: dict from feature name to column: array or list of shape
                `(n, *feature.shape)`; or any other form of rows that `kk.predict` takes. A
                missing number is NaN or `None`, a missing string `""` or `None`. Sequences
                whose length is free may be a list of unequal ones.

        Returns:
            dict from output name to array: float32, or `object` arrays of `str`. For a frame, a
            frame as `kk.predict` returns it.

        Raises:
            ArgumentError: when a column is missing, unknown, or of the wrong shape or type.
        """
        return answer_rows(rows, self.spec, "load_served", self.answer)

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
        return {name: plain(tensor.numpy()) for name, tensor in answers}

    def __repr__(self) -> str:
        stated = self.manifest["signatures"]["serving_default"]
        lines = [f"Served({str(self.path)!r})"]
        for side in ("inputs", "outputs"):
            tensors = [f"{name} {_shown(tensor)}" for name, tensor in stated[side].items()]
            more = f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else ""
            lines.append(f"  {side}: {', '.join(tensors[:_SHOWN])}{more}")
        lines.append(f"  signatures: {', '.join(self.manifest['signatures'])}")
        return "\n".join(lines)


@telling("Loading {}")
def load_served(path: str | os.PathLike[str]) -> Served:
    """Load an exported model for predictions in Python, as a function of columns.

    The function is the one that the server runs, without Keras' overhead.

    Args:
        path: path of a version, such as `"saved_models/wine/1"`, or of a model's folder,
            for its highest version.

    Returns:
        `Served`, a function from rows to answers: a frame for a frame, else a dict of arrays.

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


def _shown(tensor):
    sizes = ["n", *("any" if size is None else str(size) for size in tensor["shape"][1:])]
    return f"{tensor['dtype']} ({', '.join(sizes)}{',' * (len(sizes) == 1)})"
