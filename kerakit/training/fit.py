"""`fit`: trains a compiled model on a `Data`, fast, and resumes exactly if it was stopped."""

import keras
import numpy as np

from kerakit.files import write_text
from kerakit.keras_compat import layers_of
from kerakit.presets import settings_of
from kerakit.training.arguments import checked_arguments, made_run_dir
from kerakit.training.callbacks import (
    PROGRESS,
    StopEarly,
    check_finite,
    progress_callback,
)
from kerakit.training.linear_path.solve import finish_linear_path, solve_linear_path
from kerakit.training.loop.runner import Runner
from kerakit.training.rows.arrays import class_weights
from kerakit.training.runs.checkpoint import Checkpoint, recorded_identity
from kerakit.training.runs.files import write_history, write_model
from kerakit.training.runs.identity import run_identity
from kerakit.training.runs.lock import locked_run
from kerakit.training.speed.candidates import computed_as
from kerakit.training.speed.choice_of_run import choice_of_run

__all__ = ["fit"]


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
    result fits in memory, a whole epoch is one compiled call; otherwise it streams. Images
    are kept as bytes, windows of series as the series, and are preprocessed batch by batch
    inside that call. The linear path of forecasters and of classifiers of texts and series is
    solved before the first epoch and then left alone. What a forecaster's reaches counts for
    early stopping; that of a classifier is blended with the network in the end, as fits the
    validation rows best, and then solved once more on these rows as well.
    The order of the rows depends on `(seed, epoch)` alone, and what is random in a batch on
    `(seed, step)`.

    Args:
        model: `keras.Model`, compiled by `kk.compile` or by Keras.
        data: `Data`.
        epochs: int in [1, inf). The most epochs; early stopping may end before.
        batch_size: int in [1, inf). Defaults to the preset's, which may be smaller for few rows
            (`Preset.batch_size_for`); for models without a hidden layer that is all rows.
        early_stopping: bool, or int in [1, inf). Whether to stop when the validation loss has
            not fallen for the preset's number of epochs (or this one), and to restore the
            best weights. Without a validation split there is none. Defaults to `True`.
        class_weight: `"balanced"`, or a dict with a weight for every class (by label or
            id), or `None`. Defaults to `None`.
        augment: of images in training batches: `None` or `"none"`; `"light"` (shifts by up to
            an eighth of the side, contrast and brightness); `"standard"` (also rotation by up
            to 10 degrees, zoom by up to 10 % and, but for digits and letters, reflection);
            `"strong"` (also MixUp and CutMix, with mixed labels). It is no part of the model.
            Tables have none. Defaults to `None`.
        run_dir: path of a folder for `history.csv`, `spec.json`, `model.keras` and the
            checkpoint. A run that was stopped there goes on after its last finished epoch
            and ends as the uninterrupted one; one that had finished gives back its result.
            Defaults to `None`: nothing is written.
        resume: bool. Whether to go on from what `run_dir` holds. Defaults to `True`.
        precision: `"float32"`, `"mixed_bfloat16"` or `"auto"`. For tables the last is float32.
            For images it is the fastest, measured on a few steps of this model before
            it trains and remembered for this machine; float32 where that takes less than 5 %
            longer, or training is too short for the trial to pay. For recurrent layers it is
            float32, and the trial is of how their steps are computed: by Keras' loop, unrolled
            or by TensorFlow's fused LSTM, with and without XLA. A resumed run goes on as it
            began. The saved model computes in float32, by Keras' own layers. Defaults to
            `"auto"`.
        callbacks: sequence of `keras.callbacks.Callback`. Their state is resumed as well.
        verbose: `"auto"` (the Keras bar on a terminal, else a line per epoch), 0, 1 or 2.
        seed: int in [0, inf). Of the order of rows and of dropout. Defaults to `0`.
        cache_mb: number of MiB that the preprocessed data (images: as bytes) may take in
            memory. Defaults to `512`.

    Returns:
        `keras.callbacks.History`, of all epochs, before and after an interruption. Its
        `linear_path` tells what became of the linear path, a str, `""` where there is none.

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
    epochs = checked_arguments(
        "fit",
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
    )
    weights = class_weights(data.spec, class_weight)
    augment = augment or "none"
    run_dir = made_run_dir(run_dir)
    settings = settings_of(model)
    with locked_run(run_dir):
        _seed_generators(model, seed)
        runner = Runner(model, data, settings, batch_size, epochs, seed, weights, augment, cache_mb)
        began = run_dir / "checkpoint.npz" if run_dir is not None and resume else None
        before = None
        if began is not None and began.exists():
            before = recorded_identity(began).get("linear path") == "solved"
        found = solve_linear_path(runner, before)
        if found is not None and verbose != 0:
            print(found, flush=True)
        choice = choice_of_run(runner, precision, began, show=verbose != 0)
        trainer = runner.trainer()
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
                precision=str(choice),
                augment=augment if runner.images else None,
            )
            variables = [*trainer.variables, *model.optimizer.variables]
            if runner.path is not None:
                identity["linear path"] = "solved"
            stateful = [c for c in held.callbacks if not isinstance(c, PROGRESS)]
            identity["callbacks"] = [type(callback).__name__ for callback in stateful]
            checkpoint = Checkpoint(run_dir / "checkpoint.npz", variables, stateful, identity)
            state = checkpoint.read() if resume else None
            write_text(run_dir / "spec.json", data.spec.to_json() + "\n")
        _train(model, held, runner, trainer, choice, checkpoint, state, epochs, run_dir)
        blended = finish_linear_path(runner)
        if blended is not None and verbose != 0:
            print(blended, flush=True)
        model.history.linear_path = "; ".join(filter(None, (found, blended)))
    if run_dir is not None:
        write_model(run_dir, model)
    return model.history


def _train(model, callbacks, runner, trainer, choice, checkpoint, state, epochs, run_dir):
    """The loop over the epochs, from the first or from what `state` holds."""
    model.stop_training = False
    start = state[0]["epoch"] if state else 0
    finished = start >= epochs or bool(state and state[0]["stopped"])
    run_epoch = None if finished else runner.start(trainer, choice.xla)
    if run_epoch is not None and runner.path is not None and not runner.apart:
        for callback in callbacks.callbacks:
            if isinstance(callback, StopEarly):
                callback.initial_loss = run_epoch.validate().get("val_loss")
    if run_epoch is not None:
        run_epoch.computed = lambda: computed_as(model, choice, runner.images)
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
            write_history(run_dir, model.history)
        raise
    callbacks.on_train_end(logs)
    if run_dir is not None:
        write_history(run_dir, model.history)


def _validated(data):
    return bool(data.spec.sizes.get("validation"))


def _callbacks(data, settings, early_stopping, callbacks, verbose):
    chosen = list(callbacks)
    if early_stopping and _validated(data):
        patience = settings.preset.patience if early_stopping is True else int(early_stopping)
        chosen.append(StopEarly(patience))
    progress = progress_callback(verbose)
    return chosen if progress is None else [*chosen, progress]


def _seed_generators(model, seed):
    """Start dropout's random numbers from `seed`, whatever was built before."""
    place = 0
    for layer in layers_of(model):
        generator = getattr(layer, "seed_generator", None)
        if isinstance(generator, keras.random.SeedGenerator):
            generator.state.assign(np.array([seed, place], "uint32"))
            place += 1
