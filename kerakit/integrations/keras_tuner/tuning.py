"""`tune`: tries arguments of a builder and of training, and keeps what validates best."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.checks import check, check_choice, check_int
from kerakit.data.check import check_data
from kerakit.errors import ArgumentError, DataError
from kerakit.integrations.keras_tuner.extra import check_extra
from kerakit.integrations.keras_tuner.oracles import ALGORITHMS
from kerakit.integrations.keras_tuner.progress import shown
from kerakit.integrations.keras_tuner.result import TuneResult
from kerakit.integrations.keras_tuner.roles import role

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data
    from kerakit.presets.preset import Preset

__all__ = ["tune"]


def tune(
    builder: Callable[..., keras.Model],
    data: Data,
    *,
    trials: int,
    epochs: int,
    run_dir: str | os.PathLike[str] | None = None,
    space: Mapping[str, Any] | Sequence[str] | None = None,
    algorithm: Literal["random", "bayesian"] = "random",
    preset: str | Preset | None = None,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
    augment: Literal["none", "light", "standard", "strong"] | None = None,
    early_stopping: bool | int = True,
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto",
    resume: bool = True,
    verbose: Literal["auto", 0, 1, 2] = "auto",
    seed: int = 0,
    cache_mb: int = 512,
) -> TuneResult:
    """Try arguments of a builder and of training, and return the model that validates best.

    KerasTuner chooses the values. Each trial builds a model, compiles it by `kk.compile` and
    trains it by `kk.fit` (a model with a pretrained backbone by `kk.fine_tune`), with the same
    seed. The validation loss of the trained model decides, without penalties such as `l2`. The
    first trial has the default of every argument. The test split is not used: `kk.evaluate`
    opens it once, for the model in the result.

    Without `space`, the search tries what the builder and the preset declare:
    `kk.mlp_regressor.search_space` and `kk.PRESETS["regression"].search_space` show it.

    A search that was stopped goes on in its `run_dir`, inside the trial that was interrupted. It
    may be given more trials. Only the weights of the best trial are kept.

    Several processes share a search where KerasTuner's environment variables are set:
    `KERASTUNER_TUNER_ID` (`chief`, or the name of a worker), `KERASTUNER_ORACLE_IP` and
    `KERASTUNER_ORACLE_PORT`. All of them run the same script on the same `run_dir`. The chief
    hands out the trials and returns the result; in a worker, `result.is_worker` is `True`.

    Args:
        builder: function of `(data, **arguments)` that returns a `keras.Model`, such as
            `kk.mlp_regressor`. `functools.partial` fixes arguments. A model that the builder has
            compiled trains as it is.
        data: `Data` with a validation split.
        trials: int in [1, inf). The most trials, those of an interrupted search among them.
        epochs: int in [1, inf). The most epochs of a trial.
        run_dir: path of a folder for the search, or `None`: nothing is kept. Defaults to `None`.
        space: dict from argument to what is tried: a list of values, `(low, high)` or `(low,
            high, "log")` for a range, or one value that all trials have. It replaces what is
            declared. A list of names narrows the search to these. Arguments are those of the
            builder; `learning_rate`, `schedule`, `optimizer` and `weight_decay` of `kk.compile`;
            and `batch_size`, `augment` and `class_weight` of `kk.fit`. Defaults to `None`: all
            that is declared.
        algorithm: `"random"` (Bergstra & Bengio 2012, jmlr.org/papers/v13/bergstra12a), or
            `"bayesian"`: a Gaussian process of the trials so far (Snoek et al. 2012,
            arXiv:1206.2944), which pays from about twenty trials on. Defaults to `"random"`.
        preset: as in `kk.compile`. Defaults to `None`: the preset of the model's task.
        class_weight, augment, early_stopping, precision, cache_mb: as in `kk.fit`, for all
            trials.
        resume: bool. Whether to go on with the search in `run_dir`. Defaults to `True`.
        verbose: `"auto"`, 0 (nothing), 1 (a line for each trial) or 2 (also what `kk.fit`
            prints). Defaults to `"auto"`: a line, and on a terminal the bar of each trial.
        seed: int in [0, inf). Seed of the values that are tried, of the initial weights and of
            the order of rows. Defaults to `0`.

    Returns:
        `TuneResult`: `best`, `loss`, `trials`, `to_frame()`, and the trained `model` with its
        `history`, ready for `kk.evaluate` and `kk.export`.

    Raises:
        ArgumentError: when an argument is wrong, KerasTuner is not installed, or there is
            nothing to try.
        DataError: when the data have no validation split.
        RunError: when `run_dir` holds another search or is in use, or no chief answers.
        TrainingError: when all trials failed. A single one is told, and the search goes on.

    Example:

    >>> import kerakit as kk
    >>> kk.mlp_regressor.search_space["dropout"]
    'auto', 0.0, 0.1, 0.2, 0.3 or 0.5
    """
    owner = "tune"
    check_extra(owner)
    check_data(owner, data)
    check(callable(builder), owner, "builder", "a function, such as kk.mlp_regressor", builder)
    check_int(owner, "trials", trials, minimum=1)
    check_int(owner, "seed", seed, minimum=0)
    check_choice(owner, "algorithm", algorithm, ALGORITHMS)
    check_choice(owner, "verbose", verbose, ("auto", 0, 1, 2))
    if not data.spec.sizes.get("validation"):
        raise DataError(
            "tune: the data have no validation split, which decides between trials. Load them "
            "with one (validation_size=0.2)."
        )
    if run_dir is None and role(owner) != "alone":
        raise ArgumentError(
            "The 'run_dir' parameter of tune must be a folder that the chief and all workers "
            "share. Got None instead."
        )

    from kerakit.integrations.keras_tuner.building import TrialOptions, Trials
    from kerakit.integrations.keras_tuner.search import SearchOptions, search
    from kerakit.quiet import note_stream_hidden

    options = TrialOptions(
        epochs=epochs,
        preset=preset,
        class_weight=class_weight,
        augment=augment,
        early_stopping=early_stopping,
        precision=precision,
        seed=seed,
        cache_mb=cache_mb,
    )
    made = Trials(builder, data, options)
    chosen = made.space(space)
    with note_stream_hidden():
        import keras_tuner  # noqa: F401  (its notes are TensorFlow's)
    lines, fit_verbose = shown(verbose)
    with tempfile.TemporaryDirectory() as temporary:
        result = search(
            made.train,
            chosen,
            made.identity(chosen, algorithm),
            SearchOptions(
                owner=owner,
                trials=trials,
                algorithm=algorithm,
                seed=seed,
                folder=pathlib.Path(temporary if run_dir is None else run_dir),
                resume=resume,
                lines=lines,
                fit_verbose=fit_verbose,
            ),
        )
    if run_dir is None:
        result.run_dir = None
    return result
