"""The answers of a run to rows that the answering weights never saw, for calibration."""

from __future__ import annotations

import dataclasses
import pathlib
import zipfile
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.builders.contract import (
    calibration_of,
    members_of,
    remember_calibration,
    weights_number,
)
from kerakit.errors import DataError
from kerakit.files import atomic_path
from kerakit.keras_compat import keep_on, kept_on

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = [
    "HeldOut",
    "forget_calibration",
    "held_out_of",
    "is_validation_unseen",
    "keep_held_out",
    "predicted",
]

FILE = "held_out.npz"
ROWS = 1024  # rows that are predicted at a time
_KEPT, _UNSEEN = "held out", "validation unseen"

Split = Literal["train", "validation"]


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Answers to rows by weights that were not fitted to these rows.

    Of members, each row is answered by those that left it out. Of a model that was solved once more
    with the validation rows, these are answered by what was solved without them.

    Attributes:
        splits: tuple of str. The splits of the rows, in order.
        answers: float32 array of shape `(rows, ...)`. What the model's `predict` would give.
        weights: int. The `weights_number` of the trained model.
        data: str. The fingerprint of the data.
    """

    splits: tuple[Split, ...]
    answers: np.ndarray
    weights: int
    data: str


def forget_calibration(model: keras.Model) -> str | None:
    """Make a model that trains on forget how it was calibrated; return a line about that."""
    if calibration_of(model) is None:
        return None
    remember_calibration(model, None)
    return "calibration: forgotten, because the model trains on. Call kk.calibrate again"


def predicted(model: keras.Model, batches: Any) -> np.ndarray:
    """Return the answers of a model to batches of `(inputs, target, ...)`, one below the other."""
    return np.concatenate([model(inputs, training=False).numpy() for inputs, *_ in batches])


def keep_held_out(
    model: keras.Model,
    data: Data,
    answers: np.ndarray | None,
    splits: tuple[Split, ...],
    run_dir: pathlib.Path | None,
) -> None:
    """Keep the answers of a run with its model, and in its folder.

    Args:
        model: `keras.Model`, trained.
        data: `Data` that it was trained on.
        answers: array of shape `(rows, ...)`. `None` where no weights were fitted to the
            validation rows, which then tell by themselves, or where a run had finished before.
        splits: the splits of the rows, in order.
        run_dir: `pathlib.Path` of the run's folder, or `None`.
    """
    keep_on(model, _UNSEEN, None)
    if answers is None:
        earlier = held_out_of(model, run_dir)  # those of a run that had finished are still good
        keep_on(model, _KEPT, earlier)
        if earlier is None:
            keep_on(model, _UNSEEN, weights_number(model))
        return
    splits = tuple(split for split in splits if data.spec.sizes.get(split))
    answers = np.asarray(answers, "float32")
    held_out = HeldOut(splits, answers, weights_number(model), data.spec.fingerprint)
    keep_on(model, _KEPT, held_out)
    if run_dir is not None:
        with atomic_path(run_dir / FILE) as aside, open(aside, "wb") as file:
            np.savez_compressed(file, **dataclasses.asdict(held_out))


def held_out_of(model: keras.Model, run_dir: pathlib.Path | None = None) -> HeldOut | None:
    """Return the answers that belong to the present weights of a model, or `None`.

    Args:
        model: `keras.Model`.
        run_dir: `pathlib.Path` of a run's folder, for a model that was trained in another process;
            or `None`.

    Raises:
        DataError: when the file in `run_dir` cannot be read.
    """
    found = kept_on(model, _KEPT)
    number = None if found is None and run_dir is None else weights_number(model)
    if (found is None or found.weights != number) and run_dir is not None:
        found = _read(run_dir / FILE)
    return found if found is not None and found.weights == number else None


def is_validation_unseen(model: keras.Model, run_dir: pathlib.Path | None = None) -> bool:
    """Whether the run of a model is known, and fitted no weights to the validation rows.

    Args:
        model: `keras.Model`.
        run_dir: `pathlib.Path` of the folder of its run, or `None`. A run that fitted weights to
            validation rows left its answers from before there.
    """
    number = kept_on(model, _UNSEEN)
    if number is not None and number == weights_number(model):
        return True
    if run_dir is None or members_of(model) is not None:  # members always leave answers
        return False
    return (run_dir / "model.keras").is_file() and not (run_dir / FILE).exists()


def _read(path):
    if not path.is_file():
        return None
    try:
        with np.load(path) as file:
            values = {name: file[name] for name in file.files}
        return HeldOut(
            tuple(values["splits"].tolist()),
            values["answers"],
            int(values["weights"]),
            str(values["data"]),
        )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read: {error}. Train again with resume=False, which writes it anew."
        ) from error
