"""The arguments of `fit`, checked before anything is trained or written."""

import pathlib

import keras
import numpy as np

from kerakit.builders.contract import check_inputs
from kerakit.checks import check, check_choice, check_int
from kerakit.data.data import Data
from kerakit.errors import ArgumentError
from kerakit.training.model_parts import has_images
from kerakit.training.rows.augment import LEVELS, augmentation
from kerakit.training.rows.soft_targets import row_loss

__all__ = ["PRECISIONS", "checked_arguments", "made_run_dir"]

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


def checked_arguments(
    owner,
    model,
    data,
    epochs,
    batch_size,
    early_stopping,
    augment,
    precision,
    verbose,
    seed,
    cache_mb,
):
    """Check the arguments of `fit` one by one and against each other; return `epochs`.

    `owner` is the function whose arguments they are, for errors.

    Raises:
        ArgumentError: when one is out of its range, or the model is not compiled.
        DataError: when the model takes other columns.
    """
    check(isinstance(model, keras.Model), owner, "model", "a keras.Model", model)
    if not model.compiled:
        raise ArgumentError(
            f"{owner} needs a compiled model. Call kk.compile(model, preset) first."
        )
    if not isinstance(data, Data):
        raise ArgumentError(
            f"The 'data' parameter of {owner} must be a kerakit Data; kk.load_arrays(x, y) makes "
            f"one of arrays. Got {type(data).__name__} instead."
        )
    if batch_size is not None:
        check_int(owner, "batch_size", batch_size, minimum=1)
    if not isinstance(early_stopping, (bool, np.bool_)):
        check_int(owner, "early_stopping", early_stopping, minimum=1)
    if has_images(data.spec):
        check_choice(owner, "augment", "none" if augment is None else augment, LEVELS)
        if augmentation(augment, data.spec) is not None and augment == "strong":
            row_loss(model.loss)  # refuses a loss that takes no mixed labels
    else:
        check(augment in (None, "none"), owner, "augment", "None for tables", augment)
    check_choice(owner, "precision", precision, PRECISIONS)
    check_choice(owner, "verbose", verbose, ["auto", 0, 1, 2])
    check_int(owner, "seed", seed, minimum=0)
    check_int(owner, "cache_mb", cache_mb, minimum=0)
    check_inputs(owner, model, data.spec)
    return check_int(owner, "epochs", epochs, minimum=1)


def made_run_dir(run_dir):
    """Return the folder of a run as a `pathlib.Path`, made where it was missing, or `None`."""
    if run_dir is None:
        return None
    run_dir = pathlib.Path(run_dir)
    if run_dir.exists() and not run_dir.is_dir():
        raise ArgumentError(
            f"The 'run_dir' parameter of fit must be a folder. Got the file {str(run_dir)!r}."
        )
    run_dir.mkdir(parents=True, exist_ok=True)
    return run_dir
