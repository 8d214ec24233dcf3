"""`fit`: trains a compiled model on a `Data`, fast, and resumes exactly if it was stopped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.training.options import FitOptions
from kerakit.training.run import train

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["fit"]


def fit(
    model: keras.Model,
    data: Data,
    *,
    epochs: int | Literal["auto"],
    batch_size: int | None = None,
    early_stopping: bool | int = True,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
    augment: Literal["none", "light", "standard", "strong"] | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    resume: bool = True,
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto",
    callbacks: keras.callbacks.Callback | Sequence[keras.callbacks.Callback] | None = None,
    verbose: Literal["auto", 0, 1, 2] = "auto",
    seed: int = 0,
    cache_mb: int = 512,
) -> keras.callbacks.History:
    """Train a compiled model with early stopping, and leave the best weights in it.

    The data go through the model's `preprocess` once, and only `network` trains. Where the
    result fits in memory, an epoch is one compiled call; otherwise it streams. An epoch that takes
    longer than a second is cut into calls of about a second, which changes no result. Images stay
    bytes, and windows of series stay the series: they are preprocessed batch by batch inside
    that call.

    Forecasters and classifiers of texts and series have a linear path beside the network. It is
    solved before the first epoch and then left as it is. A forecaster's early stopping counts
    the loss of this path as a candidate. A classifier's path is blended with the network after
    the last epoch, by the weights that fit the validation rows best. It is then solved once
    more, on training and validation rows together. Fixed convolutions of series are such a path;
    where they label fewer than six of the rows that are left out wrongly, no network is trained.

    Linear models that were compiled with the preset of their task are solved: least squares or
    the highest penalised likelihood of the training and validation rows, to the digits of
    float32. They have one epoch, whose logs are those of the solution on the training rows;
    epochs, batches and early stopping have no effect. Logistic regression of rows that do not fit
    in memory is trained.

    The order of the rows depends on `(seed, epoch)` alone, and random changes to a batch
    depend on `(seed, step)` alone.

    Args:
        model: `keras.Model`, compiled by `kk.compile` or by Keras.
        data: `Data`.
        epochs: int in [1, inf), or `"auto"`. The most epochs; early stopping may end before.
            `"auto"` is 400; for members 200, and fewer for thousands of rows.
        batch_size: int in [1, inf). Defaults to the preset's, which may be smaller for few rows
            (`Preset.batch_size_for`); for models without a hidden layer it is all rows.
        early_stopping: bool, or int in [1, inf). Whether to stop when the validation loss has
            not fallen for the preset's number of epochs (or this one), and to restore the
            best weights. Without a validation split there is no early stopping. Defaults to
            `True`.
        class_weight: `"balanced"`, or a dict with a weight for every class (by label or
            id), or `None`. Defaults to `None`.
        augment: str, for images in training batches. `None` or `"none"`; `"light"` (shifts by
            up to an eighth of the side, contrast and brightness); `"standard"` (also rotation
            by up to 10 degrees, zoom by up to 10 % and, except for digits and letters,
            reflection); `"strong"` (also MixUp and CutMix, with mixed labels). It is not part
            of the model. Defaults to `None`.
        run_dir: path of a folder for `history.csv`, `spec.json`, `model.keras` and the
            checkpoint. A run that was stopped there goes on after its last finished epoch
            and ends with the weights of an uninterrupted run. Where epochs are short, not each of
            them is written: after a kill, a run goes on a few epochs earlier. A run that had
            finished gives back its result. Defaults to `None`: nothing is written.
        resume: bool. Whether to go on from the checkpoint in `run_dir`. Defaults to `True`.
        precision: `"float32"`, `"mixed_bfloat16"` or `"auto"`. For tables `"auto"` is float32.
            For images it is the faster of the two, measured on a few steps of this model before
            it trains and remembered for this machine; it is float32 where that takes less than
            5 % longer, or where training is too short for the trial to pay. For recurrent
            layers it is float32, and the trial compares how their steps are computed: by Keras'
            loop, unrolled or by TensorFlow's fused LSTM, with and without XLA. A resumed run
            computes as it began. The saved model computes in float32, by Keras' own layers.
            Defaults to `"auto"`.
        callbacks: a `keras.callbacks.Callback`, or a sequence of them, or `None`. They see every
            hook that `keras.Model.fit` calls, as often. Where one overrides a hook of training
            batches, every batch is a step of its own; a line says so, and what that costs.
            `run_dir` keeps their numbers, texts, arrays, lists, tuples, sets and dicts; a warning
            names the attributes that it cannot keep. Defaults to `None`.
        verbose: `"auto"` (on a terminal and in a notebook a bar for the run, with the time that
            is left; else a line per epoch), 0 (nothing), 1 (the bar) or 2 (lines). Defaults to
            `"auto"`.
        seed: int in [0, inf). Seed of the order of rows, of augmentation and of dropout.
            Defaults to `0`.
        cache_mb: int in [0, inf). MiB of memory that the preprocessed data (images: as bytes)
            may take. Defaults to `512`.

    Returns:
        `keras.callbacks.History` of all epochs, before and after an interruption. Its attribute
        `linear_path` is a str that describes the solved linear path, and what line and networks
        of members reached, `""` if there is none;
        `solved` is a str that describes the solution of a linear model, `""` if it was trained;
        `validation_loss` is the validation loss of the weights that are left, without their
        penalties; `None` without validation rows.

    Raises:
        ArgumentError: when a value is out of its range, or the model is not compiled, is
            subclassed, or has a `train_step` of its own.
        DataError: when the model takes other columns, or answers with another width.
        RunError: when `run_dir` belongs to another run or other data, or is in use.
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
    options = FitOptions(
        owner="fit",
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=early_stopping,
        class_weight=class_weight,
        augment=augment,
        run_dir=run_dir,
        resume=resume,
        precision=precision,
        callbacks=callbacks,
        verbose=verbose,
        seed=seed,
        cache_mb=cache_mb,
    )
    return train(model, data, options)
