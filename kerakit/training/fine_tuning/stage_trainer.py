"""How each stage of fine-tuning is trained: solved, on frozen features, or on pixels."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import keras
import numpy as np

from kerakit.data.data import Data
from kerakit.keras_compat import compile_arguments
from kerakit.presets.settings import keep_settings, settings_of
from kerakit.training.fine_tuning.features import FrozenFeatures
from kerakit.training.fine_tuning.optimizer import with_rates
from kerakit.training.fine_tuning.options import FineTuneOptions
from kerakit.training.fine_tuning.parts import Parts, freeze
from kerakit.training.fine_tuning.probe import chosen_c, fits_probe, solve_probe
from kerakit.training.fine_tuning.score import Score, score
from kerakit.training.fine_tuning.strategy import rate_factors
from kerakit.training.held_out import predicted
from kerakit.training.rows.class_weights import class_weights
from kerakit.training.run import train

__all__ = ["StageTrainer", "TrainedStage"]

HEAD_EPOCHS = 60  # of a head with hidden layers, whose features are computed once
SCORE_ROWS = 4096  # rows of features that are scored at a time


@dataclasses.dataclass(frozen=True)
class TrainedStage:
    """A stage that was trained.

    Attributes:
        columns: dict from the name of a metric to its list of values, one per epoch.
        before, after: `Score`s on the validation split, or `None` without one; `before` is also
            `None` for the first stage.
        C: float or `None`. The inverse of the penalty of a solved head.
    """

    columns: dict[str, list[float]]
    before: Score | None
    after: Score | None
    C: float | None = None


class StageTrainer:
    """Trains one stage at a time, from the weights that the model has.

    Args:
        parts: `Parts` of the model, which is compiled.
        data: `Data` of images.
        options: `FineTuneOptions`.
    """

    def __init__(self, parts: Parts, data: Data, options: FineTuneOptions) -> None:
        self.parts, self.data, self.options = parts, data, options
        self.weights = class_weights(data.spec, options.fit.class_weight, options.fit.owner)
        self._probe_data: Data | None = None

    def train(self, stage: str, first: bool) -> TrainedStage:
        """Train a stage.

        Args:
            stage: str. `"head"`, `"last_blocks"` or `"full"`.
            first: bool. Whether no stage was trained before.
        """
        if stage == "full":
            return self._train_on_pixels(first)
        if stage == "head" and fits_probe(self.parts.head):
            return self._solve()
        return self._train_on_features(stage, first)

    def solve_again(self, c: float) -> np.ndarray:
        """Solve a linear head on training and validation images together, with the same `C`.

        Returns:
            float32 array of shape `(validation rows, classes)`: the answers before.
        """
        freeze(self.parts, None)
        with self._features_as_they_are() as data:
            held_out = predicted(self.parts.above(None), data.batches("validation", SCORE_ROWS))
            tables = [data.table("train"), data.table("validation")]
            solve_probe(self.parts.head, tables, c, self.weights)
        return held_out

    def _solve(self):
        """Solve a linear head on the features of the training images as they are."""
        freeze(self.parts, None)
        head, seed = self.parts.head, self.options.fit.seed
        with self._features_as_they_are() as data:
            above = self.parts.above(None)
            rows, validation = data.table("train"), data.table("validation")
            c = chosen_c(rows, validation, self.weights, seed)
            solve_probe(head, [rows], c, self.weights)
            on_train = score(above, data, "train", SCORE_ROWS)
            after = score(above, data, "validation", SCORE_ROWS)
        columns = {"loss": [on_train.loss], "accuracy": [on_train.accuracy]}
        if validation is not None:
            columns.update(val_loss=[after.loss], val_accuracy=[after.accuracy])
        return TrainedStage(columns, None, after, c)

    def _train_on_features(self, stage, first):
        """Train the head, or the last stage and the head, on features computed once."""
        fit_options, cut = self.options.fit, self.parts.cut_of(stage)
        freeze(self.parts, cut)
        epochs = HEAD_EPOCHS if stage == "head" else fit_options.epochs
        factors = rate_factors(self.parts, cut)
        with contextlib.closing(self._frozen(self.options.views)) as frozen:
            data = frozen.of(self.parts.below(cut))
            options = dataclasses.replace(fit_options, epochs=epochs, augment=None)
            return self._fit(stage, self.parts.above(cut), data, options, factors, first)

    def _train_on_pixels(self, first):
        """Train the whole network, except batch normalisation."""
        freeze(self.parts, "")
        model = keras.Model(self.parts.model.input, self.parts.model.output, name="full")
        factors = rate_factors(self.parts, "")
        return self._fit("full", model, self.data, self.options.fit, factors, first)

    def _fit(self, stage, model, data, options, factors, first):
        """Train a stage by epochs."""
        outer = self.parts.model
        before = None if first else score(model, data, "validation")
        given = compile_arguments(outer)
        model.compile(
            optimizer=with_rates(outer.optimizer, factors),
            loss=given.get("loss"),
            metrics=given.get("metrics"),
            weighted_metrics=given.get("weighted_metrics"),
        )
        keep_settings(model, settings_of(outer))
        if options.run_dir is not None:
            options = dataclasses.replace(options, run_dir=options.run_dir / "stages" / stage)
        history = train(model, data, options)
        return TrainedStage(history.history, before, score(model, data, "validation"))

    @contextlib.contextmanager
    def _features_as_they_are(self) -> Iterator[Data]:
        """The features of the images without copies; computed once if they fit in memory."""
        if self._probe_data is not None:
            yield self._probe_data
            return
        with contextlib.closing(self._frozen(views=0)) as frozen:
            data = frozen.of(self.parts.below(None))
            self._probe_data = data if frozen.in_memory else None
            yield data

    def _frozen(self, views):
        options = self.options.fit
        return FrozenFeatures(self.data, options.augment, views, options.seed, options.cache_mb)
