"""One run of fine-tuning over its stages."""

import contextlib
import dataclasses
import math
import shutil
import time

import keras

from kerakit.builders.contract import network_of
from kerakit.files import write_text
from kerakit.keras_compat import compile_arguments
from kerakit.presets import settings_of
from kerakit.training.fine_tuning.features import FrozenFeatures
from kerakit.training.fine_tuning.optimizer import with_rates
from kerakit.training.fine_tuning.parts import freeze
from kerakit.training.fine_tuning.probe import chosen_strength, fits_probe, solve_probe
from kerakit.training.fine_tuning.score import score
from kerakit.training.fine_tuning.strategy import goes_deeper, pays, planned, rate_factors
from kerakit.training.fit import fit
from kerakit.training.rows.arrays import class_weights
from kerakit.training.runs.checkpoint import Checkpoint
from kerakit.training.runs.files import write_history, write_model
from kerakit.training.runs.identity import run_identity

__all__ = ["Options", "Tuning"]

HEAD_EPOCHS = 60  # of a head with hidden layers, whose features are computed once


@dataclasses.dataclass(frozen=True)
class Options:
    """What the weights of a run depend on, beside the model and the data; see `fine_tune`."""

    strategy: str
    epochs: int
    batch_size: int | None
    early_stopping: bool | int
    class_weight: object
    augment: str
    views: int
    precision: str
    seed: int


class Tuning:
    """Trains the stages of a run, one after the other.

    Args:
        parts: `Parts` of the model, which is compiled.
        data: `Data` of images.
        options: `Options`.
        run_dir: `pathlib.Path`, or `None`.
        callbacks, verbose, cache_mb: as in `fine_tune`.
    """

    def __init__(self, parts, data, options, run_dir, callbacks, verbose, cache_mb):
        self.parts, self.data, self.options = parts, data, options
        self.run_dir, self.callbacks = run_dir, list(callbacks)
        self.verbose, self.cache_mb = verbose, cache_mb
        self.network = network_of(parts.model)
        self.history = keras.callbacks.History()
        self.history.history, self.history.epoch, self.history.stages = {}, [], []
        self._held = None

    def run(self, resume):
        """Train the stages that are left; return the `History` of all of them."""
        checkpoint = None
        if self.run_dir is not None:
            checkpoint = self._checkpoint()
            state = checkpoint.read() if resume else None
            if state:
                checkpoint.restore(*state)
            else:
                shutil.rmtree(self.run_dir / "stages", ignore_errors=True)
                checkpoint.save(0)
            write_text(self.run_dir / "spec.json", self.data.spec.to_json() + "\n")
        stages = self.history.stages
        for place, stage in enumerate(planned(self.options.strategy, bool(self.parts.ends))):
            if place < len(stages):
                continue
            if place and not self._worth(stage):
                break
            self._train(stage, resume)
            if checkpoint is not None:
                checkpoint.save(len(stages), durable=True)
                shutil.rmtree(self.run_dir / "stages", ignore_errors=True)
        if "strength" in stages[0] and not any(held["kept"] for held in stages[1:]):
            self._solve_again(stages[0])
            if checkpoint is not None:
                checkpoint.save(len(stages), durable=True)
        # What was kept last says what would train on, in a loaded model as well.
        freeze(self.parts, self._cut(self._best_stage()["stage"]))
        self.parts.model.history = self.history
        if self.run_dir is not None:
            write_history(self.run_dir, self.history)
            # What trained was an optimizer for each stage: none goes on from here.
            write_model(self.run_dir, self.parts.model, compiled=False)
        return self.history

    def _best_stage(self):
        """The stage that was kept last, whose weights the network has."""
        return [stage for stage in self.history.stages if stage["kept"]][-1]

    def _cut(self, stage):
        """The layer up to which a stage leaves the backbone as it is; see `freeze`."""
        if stage == "last_blocks":
            return self.parts.ends[-2]
        return None if stage == "head" else ""

    def _checkpoint(self):
        freeze(self.parts, "")  # part of the architecture, and changes from stage to stage
        options = dataclasses.asdict(self.options)
        class_weight = class_weights(self.data.spec, options.pop("class_weight"))
        model, settings = self.parts.model, settings_of(self.parts.model)
        identity = run_identity(
            model,
            self.data.spec,
            settings,
            batch_size=options.pop("batch_size"),
            epochs=options.pop("epochs"),
            class_weights=class_weight,
            early_stopping=options.pop("early_stopping"),
            seed=options.pop("seed"),
            precision=options.pop("precision"),
            augment=options.pop("augment"),
        )
        identity.update(options)
        path = self.run_dir / "checkpoint.npz"
        return Checkpoint(path, self.network.variables, [self.history], identity)

    def _worth(self, stage):
        """Whether the strategy trains a stage, after what the ones before have shown."""
        if self.options.strategy != "auto":
            return True
        rows = self.data.spec.sizes["train"]
        answer, reason = goes_deeper(stage, self.history.stages, rows)
        if not answer and self.verbose:
            print(f"{stage}: left out ({reason})", flush=True)
        return answer

    def _train(self, stage, resume):
        """Train a stage from the best weights so far; keep them, or what it made of them."""
        start = time.process_time()
        weights = self.network.get_weights()
        if stage == "full":
            columns = self._train_on_pixels(resume)
        elif stage == "head" and fits_probe(self.parts.head):
            columns = self._solve()
        else:
            columns = self._train_on_features(stage, resume)
        before, after = columns.pop("scores")
        strength = columns.pop("strength", None)
        outcome = {
            "stage": stage,
            "epochs": len(columns["loss"]),
            "val_accuracy": None if after is None else after.accuracy,
            "val_loss": None if after is None else after.loss,
            "kept": True,
        }
        if before is not None:
            fall, error = after.fall_from(before)
            outcome.update(fall=fall, standard_error=None if math.isnan(error) else error)
            outcome["kept"] = pays(self.options.strategy, self._best_stage(), fall, error)
        if not outcome["kept"]:
            self.network.set_weights(weights)
        if strength is not None:
            outcome["strength"] = strength
        outcome["cpu_seconds"] = round(time.process_time() - start, 3)
        self._extend(columns)
        self.history.stages.append(outcome)
        if self.verbose:
            print(_line(outcome), flush=True)

    def _solve(self):
        """Solve a linear head on the features of the training images as they are."""
        freeze(self.parts, None)
        options, head = self.options, self.parts.head
        weights = class_weights(self.data.spec, options.class_weight)
        with self._probed() as data:
            above = self.parts.above(None)
            train, held = data.table("train"), data.table("validation")
            strength = chosen_strength(train, held, weights, options.seed)
            solve_probe(head, [train], strength, weights)
            fitted = score(above, data, "train", 4096)
            found = score(above, data, "validation", 4096)
        columns = {"loss": [fitted.loss], "accuracy": [fitted.accuracy]}
        if held is not None:
            columns.update(val_loss=[found.loss], val_accuracy=[found.accuracy])
        return {**columns, "scores": (None, found), "strength": strength}

    def _solve_again(self, stage):
        """Solve the head once more, on the validation images as well, if that is still to do.

        What was to be chosen has been chosen on them; now they are a quarter more images.
        """
        if stage.get("refitted") or not self.data.spec.sizes.get("validation"):
            return
        start = time.process_time()
        freeze(self.parts, None)
        weights = class_weights(self.data.spec, self.options.class_weight)
        with self._probed() as data:
            tables = [data.table("train"), data.table("validation")]
            solve_probe(self.parts.head, tables, stage["strength"], weights)
        stage["refitted"] = True
        stage["cpu_seconds"] = round(stage["cpu_seconds"] + time.process_time() - start, 3)

    @contextlib.contextmanager
    def _probed(self):
        """The features of the images as they are; computed once where they fit in memory."""
        if self._held is not None:
            yield self._held
            return
        with contextlib.closing(self._frozen(views=0)) as frozen:
            data = frozen.of(self.parts.below(None))
            self._held = data if frozen.in_memory else None
            yield data

    def _frozen(self, views):
        options = self.options
        return FrozenFeatures(self.data, options.augment, views, options.seed, self.cache_mb)

    def _train_on_features(self, stage, resume):
        """Train the head, or the last stage and the head, on features computed once."""
        options, cut = self.options, self._cut(stage)
        freeze(self.parts, cut)
        epochs = HEAD_EPOCHS if stage == "head" else options.epochs
        factors = rate_factors(self.parts, cut)
        with contextlib.closing(self._frozen(options.views)) as frozen:
            data = frozen.of(self.parts.below(cut))
            above = self.parts.above(cut)
            return self._fit(above, data, stage, epochs, None, factors, resume)

    def _train_on_pixels(self, resume):
        """Train everything but batch normalisation."""
        freeze(self.parts, "")
        model = keras.Model(self.parts.model.input, self.parts.model.output, name="full")
        factors = rate_factors(self.parts, "")
        options = self.options
        return self._fit(model, self.data, "full", options.epochs, options.augment, factors, resume)

    def _fit(self, model, data, stage, epochs, augment, factors, resume):
        """Train a stage by epochs; return the columns of its history, and `scores`.

        Those are the validation scores before (`None` of the first stage) and after it.
        """
        outer, options = self.parts.model, self.options
        before = score(model, data, "validation") if self.history.stages else None
        given = compile_arguments(outer)
        model.compile(
            optimizer=with_rates(outer.optimizer, factors),
            loss=given.get("loss"),
            metrics=given.get("metrics"),
            weighted_metrics=given.get("weighted_metrics"),
        )
        model.kerakit_settings = settings_of(outer)
        history = fit(
            model,
            data,
            epochs=epochs,
            batch_size=options.batch_size,
            early_stopping=options.early_stopping,
            class_weight=options.class_weight,
            augment=augment,
            run_dir=None if self.run_dir is None else self.run_dir / "stages" / stage,
            resume=resume,
            precision=options.precision,
            callbacks=self.callbacks,
            verbose=self.verbose,
            seed=options.seed,
            cache_mb=self.cache_mb,
        )
        return {**history.history, "scores": (before, score(model, data, "validation"))}

    def _extend(self, columns):
        """Add the epochs of a stage to the history; a metric that it lacks is NaN."""
        history, count = self.history, len(columns["loss"])
        before = len(history.epoch)
        columns = {**columns, "stage": [len(history.stages) + 1] * count}
        for name in {**history.history, **columns}:
            held = history.history.setdefault(name, [math.nan] * before)
            held.extend(columns.get(name, [math.nan] * count))
        history.epoch.extend(range(before, before + count))


def _line(outcome):
    words = f"{outcome['stage']}: "
    if outcome["val_loss"] is not None:
        words += f"val_accuracy {outcome['val_accuracy']:.4g}  val_loss {outcome['val_loss']:.4g}  "
    if "fall" in outcome:
        words += f"lower by {outcome['fall']:.2g}"
        error = outcome["standard_error"]
        words += "  " if error is None else f" +- {error:.2g}  "
    kept = ""
    if not outcome["kept"]:
        chance = "that may be chance" if outcome["fall"] > 0 else "it did not lower the loss"
        kept = f", not kept: {chance}"
    return f"{words}({outcome['cpu_seconds']:.1f} CPU s{kept})"
