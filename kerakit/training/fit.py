"""`fit`: trains a compiled model on a `Data`, fast, and resumes exactly if it was stopped."""

import csv
import io
import math
import pathlib

import keras
import numpy as np
import tensorflow as tf

from kerakit.checks import check, check_choice, check_int
from kerakit.data.data import Data
from kerakit.errors import ArgumentError, DataError
from kerakit.files import atomic_path, write_text
from kerakit.presets import settings_of
from kerakit.training.arrays import class_weights, preprocessed, size_in_memory
from kerakit.training.checkpoint import Checkpoint
from kerakit.training.curvature import safe_learning_rate
from kerakit.training.epochs import InMemoryEpochs, StreamedEpochs
from kerakit.training.identity import run_identity
from kerakit.training.progress import PROGRESS, check_finite, progress_callback
from kerakit.training.run_lock import locked
from kerakit.training.stream import streamed_batches
from kerakit.training.trainer import make_trainer, precision_of

__all__ = ["fit"]

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


def fit(
    model,
    data,
    *,
    epochs,
    batch_size=None,
    early_stopping=True,
    class_weight=None,
    augment=None,
    run_dir=None,
    resume=True,
    precision="auto",
    callbacks=(),
    verbose="auto",
    seed=0,
    cache_mb=512,
):
    """Train a compiled model, and leave the best weights in it.

    The data go through the model's `preprocess` once; only `network` trains. Where the
    result fits in memory, a whole epoch is one compiled call; otherwise it streams. The
    order of the rows depends on `(seed, epoch)` alone.

    Args:
        model: `keras.Model`, compiled by `kk.compile` or by Keras.
        data: `Data`.
        epochs: int in [1, inf). The most epochs; early stopping may end before.
        batch_size: int in [1, inf). Defaults to the preset's; for models without a hidden
            layer that is all rows.
        early_stopping: bool, or int in [1, inf). Whether to stop when the validation loss has
            not fallen for the preset's number of epochs (or this one), and to restore the
            best weights. Without a validation split there is none. Defaults to `True`.
        class_weight: `"balanced"`, or a dict with a weight for every class (by label or
            id), or `None`. Defaults to `None`.
        augment: `None`; tables have no augmentation.
        run_dir: path of a folder for `history.csv`, `spec.json`, `model.keras` and the
            checkpoint. A run that was stopped there goes on after its last finished epoch
            and ends as the uninterrupted one; one that had finished gives back its result.
            Defaults to `None`: nothing is written.
        resume: bool. Whether to go on from what `run_dir` holds. Defaults to `True`.
        precision: `"auto"` and `"float32"` (for tables the same), or `"mixed_bfloat16"`. The
            saved model computes in float32. Defaults to `"auto"`.
        callbacks: sequence of `keras.callbacks.Callback`. Their state is resumed as well.
        verbose: `"auto"` (the Keras bar on a terminal, else a line per epoch), 0, 1 or 2.
        seed: int in [0, inf). Of the order of rows and of dropout. Defaults to `0`.
        cache_mb: number of MiB that the preprocessed data may take in memory. Defaults to
            `512`.

    Returns:
        `keras.callbacks.History`, of all epochs, before and after an interruption.

    Raises:
        ArgumentError: when a value is out of its range or the model is not compiled.
        RunError: when `run_dir` belongs to another run or is in use.
        TrainingError: when the loss is no longer finite, or the disk is full.
        KeyboardInterrupt: on Ctrl-C, after the history was written; `run_dir` resumes.

    Example:

    >>> import kerakit as kk
    >>> data = kk.load_builtin("diabetes")
    >>> model = kk.mlp_regressor(data.spec, hidden=(16,))
    >>> kk.compile(model, "regression")
    >>> history = kk.fit(model, data, epochs=2, verbose=0)
    >>> sorted(history.history)
    ['loss', 'mae', 'val_loss', 'val_mae']
    """
    epochs = _checked(model, data, epochs, batch_size, early_stopping, augment, verbose, cache_mb)
    check_int("fit", "seed", seed, minimum=0)
    check_choice("fit", "precision", precision, PRECISIONS)
    weights = class_weights(data.spec, class_weight)
    run_dir = _run_dir(run_dir)
    settings = settings_of(model)
    with locked(run_dir), precision_of(model, precision):
        _seed_generators(model, seed)
        trainer, preprocess = make_trainer(model)
        runner = _Runner(trainer, preprocess, data, settings, batch_size, epochs, seed, weights)
        runner.fits = size_in_memory(data, "train", preprocess) <= cache_mb * 2**20
        chosen = _callbacks(data, settings, early_stopping, callbacks, verbose)
        held = keras.callbacks.CallbackList(
            chosen,
            add_history=True,
            add_progbar=False,
            model=model,
            epochs=epochs,
            steps=runner.steps,
            verbose=1,
        )
        checkpoint = state = None
        if run_dir is not None:
            stopping = early_stopping if _validated(data) else False
            identity = run_identity(
                model,
                data.spec,
                settings,
                batch_size=runner.batch_size,
                epochs=None if runner.rates is None else epochs,
                class_weights=weights,
                early_stopping=stopping,
                seed=seed,
                precision=precision,
            )
            variables = [*trainer.variables, *model.optimizer.variables]
            stateful = [c for c in held.callbacks if not isinstance(c, PROGRESS)]
            identity["callbacks"] = [type(callback).__name__ for callback in stateful]
            checkpoint = Checkpoint(run_dir / "checkpoint.npz", variables, stateful, identity)
            state = checkpoint.read() if resume else None
            write_text(run_dir / "spec.json", data.spec.to_json() + "\n")
        _train(model, held, runner, checkpoint, state, epochs, run_dir)
    if run_dir is not None:
        with atomic_path(run_dir / "model.keras") as aside:
            _portable(model).save(aside)
    return model.history


class _Runner:
    """Makes the epochs of a run: in memory where they fit, else streamed."""

    def __init__(self, trainer, preprocess, data, settings, batch_size, epochs, seed, weights):
        self.trainer, self.preprocess, self.data = trainer, preprocess, data
        self.settings, self.epochs, self.seed, self.weights = settings, epochs, seed, weights
        self.rows = data.spec.sizes["train"]
        limit = batch_size or settings.batch_size or self.rows
        self.batch_size = min(limit, self.rows)
        self.steps = math.ceil(self.rows / self.batch_size)
        self.fits = True
        schedule = settings.schedule
        rates = None if schedule is None else schedule.simulate(epochs * self.steps)
        self.rates = None if rates is None or np.ptp(rates) == 0 else rates

    def start(self):
        """Return the callable that trains one epoch."""
        if not self.fits:
            batches, validation = streamed_batches(
                self.data, self.preprocess, self.batch_size, self.seed, self.weights
            )
            return StreamedEpochs(
                self.trainer,
                batches,
                validation,
                self.rows,
                self.batch_size,
                self.seed,
                self.rates,
            )
        train = preprocessed(self.data, "train", self.preprocess, self.weights)
        held = preprocessed(self.data, "validation", self.preprocess, self.weights)
        if self.settings.schedule is None and self.settings.preset.learning_rate is None:
            rate = _measured_rate(self.trainer, train, self.data.spec.task)
            self.trainer.optimizer.learning_rate = rate
        return InMemoryEpochs(
            self.trainer, train, held, self.batch_size, self.epochs, self.seed, self.rates
        )


def _train(model, callbacks, runner, checkpoint, state, epochs, run_dir):
    """The loop over the epochs, from the first or from what `state` holds."""
    model.stop_training = False
    start = state[0]["epoch"] if state else 0
    finished = start >= epochs or bool(state and state[0]["stopped"])
    run_epoch = None if finished else runner.start()
    callbacks.on_train_begin()
    if state:
        checkpoint.restore(*state)
        model.stop_training = finished
    logs = {}
    try:
        for epoch in range(start, epochs):
            if model.stop_training:
                break
            callbacks.on_epoch_begin(epoch)
            logs = run_epoch(epoch, callbacks)
            check_finite(logs, epoch, float(model.optimizer.learning_rate))
            callbacks.on_epoch_end(epoch, logs)
            if checkpoint:
                stopped = bool(model.stop_training)
                checkpoint.save(epoch + 1, stopped, durable=stopped or epoch + 1 == epochs)
    except KeyboardInterrupt:
        if run_dir is not None:
            _write_history(run_dir, model.history)
        raise
    callbacks.on_train_end(logs)
    if run_dir is not None:
        _write_history(run_dir, model.history)


def _checked(model, data, epochs, batch_size, early_stopping, augment, verbose, cache_mb):
    check(isinstance(model, keras.Model), "fit", "model", "a keras.Model", model)
    if not model.compiled:
        raise ArgumentError("fit needs a compiled model. Call kk.compile(model, preset) first.")
    if not isinstance(data, Data):
        raise ArgumentError(
            "The 'data' parameter of fit must be a kerakit Data; kk.load_arrays(x, y) makes one "
            f"of arrays. Got {type(data).__name__} instead."
        )
    if batch_size is not None:
        check_int("fit", "batch_size", batch_size, minimum=1)
    if not isinstance(early_stopping, (bool, np.bool_)):
        check_int("fit", "early_stopping", early_stopping, minimum=1)
    check(augment in (None, "none"), "fit", "augment", "None for tables", augment)
    check_choice("fit", "verbose", verbose, ["auto", 0, 1, 2])
    check_int("fit", "cache_mb", cache_mb, minimum=0)
    expected = [tensor.name for tensor in model.inputs]
    missing = sorted(set(expected) - set(data.spec.feature_names))
    if missing or len(expected) != len(data.spec.feature_names):
        unused = sorted(set(data.spec.feature_names) - set(expected))
        raise DataError(
            f"The model '{model.name}' takes the inputs {expected}; of the data's features "
            f"{missing} are missing and {unused} are unknown to it. Build it from data.spec."
        )
    return check_int("fit", "epochs", epochs, minimum=1)


def _run_dir(run_dir):
    if run_dir is None:
        return None
    run_dir = pathlib.Path(run_dir)
    if run_dir.exists() and not run_dir.is_dir():
        raise ArgumentError(
            f"The 'run_dir' parameter of fit must be a folder. Got the file {str(run_dir)!r}."
        )
    run_dir.mkdir(parents=True, exist_ok=True)
    return run_dir


def _validated(data):
    return bool(data.spec.sizes.get("validation"))


def _callbacks(data, settings, early_stopping, callbacks, verbose):
    chosen = list(callbacks)
    if early_stopping and _validated(data):
        patience = settings.patience if early_stopping is True else int(early_stopping)
        chosen.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=patience, restore_best_weights=True
            )
        )
    progress = progress_callback(verbose)
    return chosen if progress is None else [*chosen, progress]


def _seed_generators(model, seed):
    """Start dropout's random numbers from `seed`, whatever was built before."""
    place = 0
    for layer in model._flatten_layers():
        generator = getattr(layer, "seed_generator", None)
        if isinstance(generator, keras.random.SeedGenerator):
            generator.state.assign(np.array([seed, place], "uint32"))
            place += 1


def _measured_rate(trainer, train, task):
    values = train.values if tf.is_tensor(train.values) else train.values[0]
    output = trainer.get_layer("output")
    penalty = float(output.kernel_regularizer.l2) if output.kernel_regularizer else 0.0
    kind = {"binary": "binary", "multiclass": "softmax", "multilabel": "sigmoid"}
    averaged = output.units if task in ("regression", "multilabel") else 1
    weight = None if train.weight is None else train.weight.numpy()
    return safe_learning_rate(values.numpy(), kind.get(task, "linear"), averaged, penalty, weight)


def _write_history(run_dir, history):
    names = list(history.history)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *names])
    for place, epoch in enumerate(history.epoch):
        writer.writerow([epoch + 1, *(history.history[name][place] for name in names)])
    write_text(run_dir / "history.csv", text.getvalue())


def _portable(model):
    """The model itself, or without its compilation where Keras alone could not load that."""
    if type(model.loss).__module__.startswith("kerakit"):
        return keras.Model(model.input, model.output, name=model.name)
    return model
