"""`FitOptions`: the arguments of `fit` and `fine_tune`, checked before anything is trained."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import numpy as np

from kerakit.checks import check, check_choice, check_int, check_run_numbers
from kerakit.data.check import check_data
from kerakit.data.data import Data
from kerakit.errors import ArgumentError
from kerakit.training.callbacks import given_callbacks
from kerakit.training.rows.augment import LEVELS, augmentation
from kerakit.training.rows.class_weights import class_weights
from kerakit.training.rows.raw import has_images
from kerakit.training.rows.soft_targets import row_loss
from kerakit.training.trainable import check_model

__all__ = ["PRECISIONS", "FitOptions"]

RATE_CALLBACKS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
PRECISIONS = ("auto", "float32", "mixed_bfloat16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How a model is trained; `fit` says what each value means.

    Attributes:
        owner: str. The function that the user called, for errors. The others are arguments of
            `fit`; `augment` is never `None`, `callbacks` is a tuple, and `run_dir` is a
            `pathlib.Path` or `None`.

    Raises:
        ArgumentError: when a value is out of its range.
    """

    owner: str
    epochs: int | Literal["auto"]
    batch_size: int | None = None
    early_stopping: bool | int = True
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None
    augment: str | None = None
    run_dir: str | os.PathLike[str] | None = None
    resume: bool = True
    precision: str = "auto"
    callbacks: keras.callbacks.Callback | Sequence[keras.callbacks.Callback] | None = None
    verbose: Literal["auto", 0, 1, 2] = "auto"
    seed: int = 0
    cache_mb: int = 512

    def __post_init__(self) -> None:
        owner = self.owner
        if isinstance(self.epochs, str):
            expected = "an int in the range [1, inf), or 'auto'"
            check(self.epochs == "auto", owner, "epochs", expected, self.epochs)
        check_run_numbers(
            owner,
            epochs=1 if self.epochs == "auto" else self.epochs,
            batch_size=self.batch_size,
            seed=self.seed,
            cache_mb=self.cache_mb,
        )
        if self.epochs != "auto":
            self._set("epochs", int(self.epochs))
        if isinstance(self.early_stopping, (bool, np.bool_)):
            self._set("early_stopping", bool(self.early_stopping))
        else:
            check_int(owner, "early_stopping", self.early_stopping, minimum=1)
        self._set("augment", "none" if self.augment is None else self.augment)
        check_choice(owner, "precision", self.precision, PRECISIONS)
        check_choice(owner, "verbose", self.verbose, ["auto", 0, 1, 2])
        self._set("callbacks", given_callbacks(owner, self.callbacks))
        if self.run_dir is not None:
            folder = pathlib.Path(self.run_dir)
            good = folder.is_dir() or not folder.exists()
            check(good, owner, "run_dir", "a folder, not a file", str(folder))
            self._set("run_dir", folder)

    def check(self, model: keras.Model, data: Data) -> None:
        """Check the options against a model and its data.

        Raises:
            ArgumentError: when an option does not suit them, or the model is not compiled.
            DataError: when the model takes other columns.
        """
        owner = self.owner
        check_data(owner, data)
        check_model(owner, model, data.spec)
        if has_images(data.spec):
            check_choice(owner, "augment", self.augment, LEVELS)
            augmentation(self.augment, data.spec, owner)  # refuses data that cannot be mixed
            if self.augment == "strong":
                row_loss(model.loss, owner)  # refuses a loss that takes no mixed labels
        else:
            good = self.augment == "none"
            check(good, owner, "augment", "None for tables and sequences", self.augment)
        class_weights(data.spec, self.class_weight, owner)
        self._check_rate(model)

    def _check_rate(self, model):
        """Refuse a callback that sets the rate of an optimizer whose schedule is one of Keras."""
        names = [type(c).__name__ for c in self.callbacks if isinstance(c, RATE_CALLBACKS)]
        if names and not isinstance(model.optimizer.learning_rate, keras.Variable):
            raise ArgumentError(
                f"The callback {names[0]} of {self.owner} sets the learning rate. The optimizer "
                "has a Keras schedule, with which Keras lets no callback set the rate. Leave the "
                "callback out, or compile with a number as the learning rate: kk.compile(model, "
                "learning_rate=0.001, schedule='constant')."
            )

    def _set(self, name, value):
        object.__setattr__(self, name, value)
