"""The state of a run after an epoch: all values that the next epoch depends on.

One file holds the weights, the optimizer's state, the random seeds, the callbacks' state
and the history, so that it is never half of one epoch and half of another.
"""

from __future__ import annotations

import io
import json
import pathlib
import reprlib
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.errors import RunError, TrainingError
from kerakit.files import write_bytes

if TYPE_CHECKING:
    import keras

__all__ = ["Checkpoint", "callback_state", "recorded_identity", "restore_callback"]

_UNTRACKED = ("model", "_model", "params", "_params")


class Checkpoint:
    """Saves and restores a training run in one file.

    Args:
        path: `pathlib.Path` of the file.
        variables: list of `keras.Variable`. All that training changes, in a fixed order.
        callbacks: list of `keras.callbacks.Callback`, with the `History` among them.
        identity: dict of JSON values. A run goes on only if its identity is the same; the
            error names the values that differ.
    """

    def __init__(
        self,
        path: pathlib.Path,
        variables: Sequence[keras.Variable],
        callbacks: Sequence[keras.callbacks.Callback],
        identity: dict[str, Any],
    ) -> None:
        self.path = path
        self.variables = variables
        self.callbacks = callbacks
        self.identity = identity

    def save(self, epoch: int, stopped: bool = False, durable: bool = False) -> None:
        """Write the state after `epoch` epochs.

        Args:
            epoch: int. Epochs that are done.
            stopped: bool. Whether a callback ended the run here. Defaults to `False`.
            durable: bool. Whether the file must survive a power cut as well as a kill. Defaults
                to `False`.

        Raises:
            TrainingError: when the file cannot be written, for example on a full disk. The
                state of the epoch before is then still there.
        """
        arrays = {f"variable_{i}": v.numpy() for i, v in enumerate(self.variables)}
        states = []
        for number, callback in enumerate(self.callbacks):
            values, state = callback_state(callback)
            states.append({"class": type(callback).__name__, "values": values})
            arrays.update({f"callback_{number}_{key}": array for key, array in state.items()})
        meta = {
            "epoch": epoch,
            "stopped": stopped,
            "identity": self.identity,
            "callbacks": states,
        }
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), "uint8")
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        try:
            write_bytes(self.path, buffer.getvalue(), durable=durable)
        except OSError as error:
            raise TrainingError(
                f"The state after epoch {epoch} could not be written to {self.path}: "
                f"{error.strerror}. The state of the epoch before is kept. Free some space and run "
                "again."
            ) from error

    def read(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return the state that `save` wrote as `(meta, arrays)`, or `None` without a file.

        Raises:
            RunError: when the file is damaged, or belongs to a run that differs from this one.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(self.path) as file:
                arrays = dict(file)
            meta = json.loads(arrays.pop("meta").tobytes())
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise RunError(
                f"The checkpoint {self.path} cannot be read ({reprlib.repr(error)}). Remove it, or "
                "start afresh with resume=False."
            ) from error
        self._check(meta["identity"])
        return meta, arrays

    def restore(self, meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Set variables and callbacks to the state that `read` returned."""
        for number, variable in enumerate(self.variables):
            variable.assign(arrays[f"variable_{number}"])
        for number, (callback, state) in enumerate(
            zip(self.callbacks, meta["callbacks"], strict=True)
        ):
            prefix = f"callback_{number}_"
            found = {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
            restore_callback(callback, state["values"], found)

    def _check(self, identity):
        for key, value in self.identity.items():
            if identity.get(key) != value:
                raise RunError(
                    f"The run directory {self.path.parent} belongs to another run: its {key} is "
                    f"{_short(identity.get(key))}, this one's is {_short(value)}. Use another run "
                    "directory, or start afresh with resume=False."
                )


def recorded_identity(path: pathlib.Path) -> dict[str, Any]:
    """Return the identity in the checkpoint at `path`; empty where none can be read."""
    try:
        with np.load(path) as file:
            return json.loads(file["meta"].tobytes())["identity"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return {}


def callback_state(
    callback: keras.callbacks.Callback,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the state of a callback as `(JSON values, arrays)`.

    Attributes that are neither (functions, models, files) are left out: `on_train_begin`
    makes them anew.
    """
    values, arrays = {}, {}
    for name, value in vars(callback).items():
        if name in _UNTRACKED or (name == "min_delta" and hasattr(callback, "monitor_op")):
            continue  # Keras gives `min_delta` its sign when it makes `monitor_op` anew
        if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value):
            values[name] = {"arrays": len(value)}
            arrays.update({f"{name}_{index}": array for index, array in enumerate(value)})
        elif isinstance(value, np.generic):
            values[name] = {"value": value.item()}
        else:
            try:
                json.dumps(value)
            except (TypeError, ValueError):
                continue
            values[name] = {"value": value}
    return values, arrays


def restore_callback(
    callback: keras.callbacks.Callback, values: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Set the attributes of a callback to the state that `callback_state` returned."""
    for name, entry in values.items():
        if "arrays" in entry:
            value = [arrays[f"{name}_{index}"] for index in range(entry["arrays"])]
        else:
            value = entry["value"]
        setattr(callback, name, value)


def _short(value):
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
