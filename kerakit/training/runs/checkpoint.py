"""The state of a run after an epoch: all values that the next epoch depends on.

One file holds the weights, the optimizer's state, the random seeds, the callbacks' state
and the history, so that it is never half of one epoch and half of another.
"""

from __future__ import annotations

import io
import json
import pathlib
import reprlib
import time
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.errors import RunError, TrainingError
from kerakit.files import write_bytes
from kerakit.training.runs.callback_state import callback_state, restore_callback
from kerakit.warn import warn

if TYPE_CHECKING:
    import keras

__all__ = ["Checkpoint", "recorded_identity"]

PAUSE = 10  # times as long as a write takes passes before the next one: a tenth of the time at most


class Checkpoint:
    """Saves and restores a training run in one file.

    Where epochs are short, writing after each would take as long as training. So `save` keeps the
    state in memory, and writes it where the last write is ten times as long ago as a write takes.
    `flush` writes what was kept. A process that is killed loses what was not written.

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
        self._lost: set[str] = set()
        self._kept: tuple[int, dict[str, np.ndarray]] | None = None
        self._next_write = 0.0
        # What a constructor set and training leaves alone is no state: a new constructor may
        # set it otherwise.
        self._given = [callback_state(callback)[0] for callback in callbacks]

    def save(self, epoch: int, stopped: bool = False, durable: bool = False) -> None:
        """Keep the state after `epoch` epochs; write it if it is time to, or if it is durable.

        Args:
            epoch: int. Epochs that are done.
            stopped: bool. Whether a callback ended the run here. Defaults to `False`.
            durable: bool. Whether the file must survive a power cut as well as a kill. Defaults
                to `False`.

        Raises:
            TrainingError: when the file cannot be written, for example on a full disk. The
                state that was written before is then still there.
        """
        state = {f"variable_{i}": v.numpy() for i, v in enumerate(self.variables)}  # copies
        states = []
        for number, callback in enumerate(self.callbacks):
            values, arrays, lost = callback_state(callback, self._given[number])
            self._warn_of_lost(callback, lost)
            states.append({"class": type(callback).__name__, "values": values})
            state |= {f"callback_{number}_{key}": array.copy() for key, array in arrays.items()}
        meta = {
            "epoch": epoch,
            "stopped": stopped,
            "identity": self.identity,
            "callbacks": states,
        }
        state["meta"] = np.frombuffer(json.dumps(meta).encode(), "uint8")
        self._kept = epoch, state
        if durable or time.perf_counter() >= self._next_write:
            self.flush(durable)

    def flush(self, durable: bool = False) -> None:
        """Write the state that `save` kept last, if it is not in the file yet.

        Args:
            durable: bool. As in `save`.

        Raises:
            TrainingError: as `save`.
        """
        if self._kept is None:
            return
        (epoch, state), self._kept, start = self._kept, None, time.perf_counter()
        buffer = io.BytesIO()
        np.savez(buffer, **state)
        try:
            write_bytes(self.path, buffer.getvalue(), durable=durable)
        except OSError as error:
            raise TrainingError(
                f"The state after epoch {epoch} could not be written to {self.path}: "
                f"{error.strerror}. The state that was written before is kept. Free some space and "
                "run again."
            ) from error
        end = time.perf_counter()
        self._next_write = end + PAUSE * (end - start)

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
        for callback, number in _pairs(self.callbacks, meta["callbacks"]):
            prefix = f"callback_{number}_"
            found = {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
            values = meta["callbacks"][number]["values"]
            restore_callback(callback, values, found)
            for name in values:  # state of the run, though it may be what this callback had
                self._given[self.callbacks.index(callback)].pop(name, None)

    def differing_callbacks(self, meta: dict[str, Any]) -> tuple[list[str], list[str]]:
        """Return the classes of callbacks that are new, and of those that are missing.

        Args:
            meta: the first value that `read` returned.
        """
        pairs = _pairs(self.callbacks, meta["callbacks"])
        known, used = {id(callback) for callback, _ in pairs}, {number for _, number in pairs}
        new = [type(c).__name__ for c in self.callbacks if id(c) not in known]
        earlier = enumerate(meta["callbacks"])
        return new, [state["class"] for number, state in earlier if number not in used]

    def _warn_of_lost(self, callback, lost):
        """Name the attributes of a callback that cannot be kept, once each."""
        kind = type(callback).__name__
        new = [attribute for attribute in lost if f"{kind}.{attribute}" not in self._lost]
        self._lost.update(f"{kind}.{attribute}" for attribute in new)
        if new:
            warn(
                f"The checkpoint in {self.path.parent} cannot keep all of the callback {kind}: "
                f"{shortlist(new, 5)}. A run that is resumed begins with what __init__ and "
                "on_train_begin make of it. Numbers, texts, arrays, lists, tuples, sets and dicts "
                "of these are kept."
            )

    def _check(self, identity):
        for key, value in self.identity.items():
            if identity.get(key) != value:
                if key == "data":
                    raise RunError(self._other_data(identity))
                name, then, now = _difference(key, identity.get(key), value)
                raise RunError(
                    f"The run directory {self.path.parent} belongs to another run: its {name} is "
                    f"{_short(then)}, this one's is {_short(now)}. Use another run directory, or "
                    "start afresh with resume=False."
                )

    def _other_data(self, identity):
        """What a run is told whose data are not those that it began with."""
        parts = ("train", "validation", "test")
        then, now = (
            ", ".join(f"{(each.get('split') or {}).get(part, 0):,} {part}" for part in parts)
            for each in (identity, self.identity)
        )
        differs = (
            f"It began with {then} rows, and has {now} rows now."
            if then != now
            else f"The rows are as many ({now}), but their values, columns or split differ."
        )
        return (
            f"The data changed since the run in {self.path.parent} began. {differs} Resume with "
            "the data it began with, use another run directory, or start afresh with resume=False."
        )


def _pairs(callbacks, states):
    """Pairs `(callback, index of its state)`: by class, and in order within a class."""
    left = [(number, state["class"]) for number, state in enumerate(states)]
    pairs = []
    for callback in callbacks:
        kind = type(callback).__name__
        found = next((entry for entry in left if entry[1] == kind), None)
        if found is not None:
            left.remove(found)
            pairs.append((callback, found[0]))
    return pairs


def recorded_identity(path: pathlib.Path) -> dict[str, Any]:
    """Return the identity in the checkpoint at `path`; empty where none can be read."""
    try:
        with np.load(path) as file:
            return json.loads(file["meta"].tobytes())["identity"]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return {}


def _difference(name, then, now):
    """The first setting that differs, inside a dict of settings as `optimizer.beta_1`."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            if then.get(key) != now.get(key):
                return _difference(f"{name}.{key}", then.get(key), now.get(key))
    return name, then, now


def _short(value):
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
