"""`FineTuneOptions`: the arguments of `fine_tune`, checked before anything is trained."""

from __future__ import annotations

import dataclasses

import keras

from kerakit.checks import check, check_choice, check_int
from kerakit.data.check import check_data
from kerakit.data.data import Data
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError
from kerakit.training.fine_tuning.parts import Parts
from kerakit.training.fine_tuning.probe import fits_probe
from kerakit.training.fine_tuning.strategy import STRATEGIES
from kerakit.training.options import FitOptions
from kerakit.warn import warn

__all__ = ["FineTuneOptions"]

_WRITERS = (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore)


@dataclasses.dataclass(frozen=True)
class FineTuneOptions:
    """How a pretrained model is fine-tuned; `fine_tune` says what each value means.

    Attributes:
        strategy: str, one of `STRATEGIES`.
        views: int. Augmented copies of every training image.
        fit: `FitOptions`. How each stage is trained.

    Raises:
        ArgumentError: when a value is out of its range.
    """

    strategy: str
    views: int
    fit: FitOptions

    def __post_init__(self) -> None:
        check_choice("fine_tune", "strategy", self.strategy, STRATEGIES)
        check_int("fine_tune", "views", self.views, minimum=0)
        expected = "an int in the range [2, inf): the step of a single image is mostly noise"
        size = self.fit.batch_size
        check(size is None or size > 1, "fine_tune", "batch_size", expected, size)
        if self.fit.augment == "strong":
            raise ArgumentError(
                "fine_tune computes the features of an augmented image once, with the image's own "
                "label. Got augment='strong', which mixes labels; take 'none', 'light' or "
                "'standard'."
            )

    def check(self, parts: Parts, data: Data) -> None:
        """Check strategy and data against a model, which need not be compiled.

        Raises:
            ArgumentError: when they do not fit together.
        """
        if self.strategy == "last_blocks" and not parts.ends:
            raise ArgumentError(
                "fine_tune with strategy='last_blocks' must know where the stages of the backbone "
                "end. Got a model with a backbone that `kerakit list backbones` does not show. "
                "Use strategy='head', 'full' or 'auto'."
            )
        check_data("fine_tune", data)
        spec = data.spec
        kinds = [feature.kind for feature in spec.features]
        if kinds != ["image"] or spec.task not in tasks_with(answer="label"):
            raise ArgumentError(
                "fine_tune takes one image per row and its class. Got data with "
                f"{len(kinds)} features of the kinds {', '.join(sorted(set(kinds)))} and a "
                f"{spec.task} task; kk.load_images loads images and their classes."
            )
        (feature,) = spec.features
        shape, classes = tuple(parts.model.inputs[0].shape[1:]), parts.model.output_shape[-1]
        if tuple(feature.shape) != shape or len(spec.classes) != classes:
            raise ArgumentError(
                f"The model of fine_tune takes images of {shape} and predicts {classes} classes. "
                f"Got images of {tuple(feature.shape)} and {len(spec.classes)} classes. Build the "
                "model from data.spec."
            )
        self._warn_of_callbacks(parts)

    def _warn_of_callbacks(self, parts):
        """Say which callbacks are not called, and which write a part of the model."""
        callbacks = self.fit.callbacks
        solved = fits_probe(parts.head)
        if callbacks and solved and self.strategy == "head":
            warn(
                f"fine_tune solves the linear head, which has no epochs: the callback "
                f"{type(callbacks[0]).__name__} is not called."
            )
        writers = [type(c).__name__ for c in callbacks if isinstance(c, _WRITERS)]
        if writers and not (solved and self.strategy in ("head", "full")):
            warn(
                f"fine_tune: {writers[0]} writes the part of the model that a stage trains, "
                "without the layers below, whose features are computed once. run_dir= keeps the "
                "whole model."
            )
