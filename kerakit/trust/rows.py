"""The rows that a calibration is found on, with answers by weights that never saw them."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.answering import columns_of, scale_of
from kerakit.builders.contract import (
    BACKBONE,
    linear_head_of,
    linear_path_of,
    members_of,
    quantiles_of,
    submodels_of,
)
from kerakit.builders.folded import folded
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.evaluation.batches import batches, is_empty
from kerakit.evaluation.checks import check_predictions, check_targets, dataset_name
from kerakit.evaluation.inputs import arrange
from kerakit.evaluation.tasks.predictions import predict_batch
from kerakit.training.held_out import held_out_of, is_validation_unseen

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["HeldOutRows", "answers_to", "columns_of_rows", "held_out_rows", "scales_of_rows"]

OWNER = "calibrate"
MODEL = f"The model of {OWNER}"


@dataclasses.dataclass(frozen=True)
class HeldOutRows:
    """Rows with their targets, and with answers by weights that were not fitted to them.

    Attributes:
        splits: tuple of str. The splits of the rows, in order.
        target: array of shape `(n, ...)`; of tags `(tokens,)`, of all sentences.
        answers: array of shape `(n, ...)`; of tags `(tokens, classes)`.
        what: str. What they are, in words.
    """

    splits: tuple[str, ...]
    target: np.ndarray
    answers: np.ndarray
    what: str

    def __len__(self) -> int:
        return len(self.target)


def held_out_rows(model: keras.Model, data: Data, run_dir: pathlib.Path | None) -> HeldOutRows:
    """Return the rows left out by members, or the validation rows.

    Args:
        model: `keras.Model`, trained.
        data: `Data` that it was trained on.
        run_dir: `pathlib.Path` of its run, or `None`.

    Raises:
        DataError: when there are no such rows, or they are those of other data.
        KerakitError: when answers are NaN or infinite.
    """
    kept = held_out_of(model, run_dir)
    task = TASKS[data.spec.task]
    if kept is None:
        _check_validation_unseen(model, data, run_dir)
        splits, what = ("validation",), "validation"
        if task.answer == "tags":
            target, answers = _of_tokens(model, data, splits)
        else:
            target, answers = _targets(data, splits), answers_to(model, data, splits)
    else:
        if kept.data != data.spec.fingerprint:
            raise DataError(
                f"{OWNER}: the model was trained on other data than {dataset_name(data.spec)}. "
                "Pass the Data that it was trained on: the rows that it left out are there."
            )
        splits, answers = kept.splits, kept.answers
        target = _targets(data, splits)
        what = "left-out" if "train" in splits else "validation"
    check_targets(target, data.spec)
    check_predictions(answers, data.spec, source=MODEL)
    return HeldOutRows(splits, target, answers, f"{what} {task.scored}s")


def columns_of_rows(
    model: keras.Model, data: Data, splits: tuple[str, ...], limit: int
) -> np.ndarray | None:
    """Return the columns that the network reads, of all rows of some splits.

    Args:
        model: `keras.Model`.
        data: `Data`.
        splits: tuple of str.
        limit: int. The most columns.

    Returns:
        float32 array of shape `(n, columns)`; `None` where the network reads something else, or
        more columns.
    """
    parts = columns_of(model)
    if parts is None or not 0 < (parts[0].output.shape[-1] or 0) <= limit:
        return None
    preprocess, _ = parts
    read = (preprocess(x, training=False) for s in splits for x, *_ in batches(data, s))
    return np.concatenate([columns.numpy() for columns in read])


def scales_of_rows(model: keras.Model, data: Data, splits: tuple[str, ...]) -> np.ndarray:
    """Return the scales of the windows of some splits, in the unit of the target.

    Args:
        model: `keras.Model`, a forecaster.
        data: `Data`.
        splits: tuple of str.

    Returns:
        float32 array of shape `(n, 1)`, or `(n, 1, channels)`.
    """
    read = scale_of(model)
    found = (read(arrange(read, x), training=False) for s in splits for x, *_ in batches(data, s))
    return np.concatenate([scales.numpy() for scales in found])


def _check_validation_unseen(model, data, run_dir):
    """Refuse validation rows that weights may have been fitted to, and a split without rows."""
    fitted = _fitted_to_validation(model)
    if fitted and not is_validation_unseen(model, run_dir):
        raise DataError(
            f"{OWNER}: kk.fit {fitted} with the validation rows as well. What this model answered "
            "to them before is not known: it was loaded, or its weights changed since. Where the "
            "folder of its run is at hand, pass run_dir=. Otherwise train it by kk.fit."
        )
    if is_empty(data, "validation"):
        raise DataError(
            f"{OWNER}: {dataset_name(data.spec)} has no validation rows, and a calibration needs "
            "rows that the model was not fitted to. Load the data with a validation split."
        )


def _fitted_to_validation(model):
    """What `fit` does to the validation rows with a model of this kind; empty for nothing."""
    if members_of(model) is not None:
        return "trains members"
    linear = linear_path_of(model)
    if linear_head_of(model) is not None or (linear is not None and linear.blend is not None):
        return "solves a linear model"
    # `fine_tune` solves a head once more where no deeper stage is kept.
    return "solves the head of a backbone" if submodels_of(model, [BACKBONE]) else ""


def answers_to(model: keras.Model, data: Data, splits: tuple[str, ...]) -> np.ndarray:
    """Return what a model answers to all rows of some splits, one below the other.

    Args:
        model: `keras.Model`. Its calibration is not used.
        data: `Data`.
        splits: tuple of str.
    """
    spec = data.spec
    quantiles = None if spec.is_classification else quantiles_of(model)
    model = folded(model)
    model.make_predict_function(force=True)
    read = (features for split in splits for features, *_ in batches(data, split))
    return np.concatenate([predict_batch(model, features, spec, quantiles) for features in read])


def _targets(data, splits):
    return np.concatenate([np.asarray(y) for s in splits for _, y, *_ in batches(data, s)])


def _of_tokens(model, data, splits):
    """The tags of all tokens of some splits, and what a tagger answers to them."""
    model.make_predict_function(force=True)
    targets, answers = [], []
    for split in splits:
        for features, target, *_ in batches(data, split):
            p, target = predict_batch(model, features, data.spec), np.asarray(target)
            real = target >= 0
            targets.append(target[real])
            answers.append(p[:, : target.shape[1]][real[:, : p.shape[1]]])
    return np.concatenate(targets), np.concatenate(answers)
