"""One search: KerasTuner chooses the values of each trial, and a function trains it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import math
import os
import pathlib
import shutil
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kerakit.checks import short_repr
from kerakit.errors import RunError, TrainingError
from kerakit.files import read_json, write_json
from kerakit.integrations.keras_tuner.oracles import make_oracle
from kerakit.integrations.keras_tuner.result import TuneResult
from kerakit.integrations.keras_tuner.roles import Role, address, role, wait_for_chief
from kerakit.integrations.keras_tuner.space import Space
from kerakit.integrations.keras_tuner.trials import TrialRunner, read_trials, remove_weights
from kerakit.training.runs.lock import locked_run

if TYPE_CHECKING:
    import keras

__all__ = ["SearchOptions", "search"]

MAX_DIFFERENCES = 3  # that an error lists
STATE, ORACLE = "search.json", "oracle.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How a search runs.

    Attributes:
        owner: str. What the user called, for messages.
        trials: int. The most trials, those of an interrupted search among them.
        algorithm: str, a key of `ALGORITHMS`.
        seed: int. Seed of the values that are tried.
        folder: `pathlib.Path`. The folder of the search.
        resume: bool. Whether to go on with a search in the folder.
        lines: bool. Whether each trial prints a line.
        fit_verbose: what the training of a trial shows, as `verbose` of `fit`.
        otherwise: str. What a user can do where the folder holds another search.
    """

    owner: str
    trials: int
    algorithm: str
    seed: int
    folder: pathlib.Path
    resume: bool = True
    lines: bool = True
    fit_verbose: Any = 0
    otherwise: str = "Name another run_dir=, or pass resume=False to begin anew there."


def search(
    train: Callable[
        [dict[str, Any], pathlib.Path, Any], tuple[keras.Model, keras.callbacks.History]
    ],
    space: Space,
    identity: Mapping[str, Any],
    options: SearchOptions,
) -> TuneResult:
    """Run the trials that are left, and return the best one.

    Args:
        train: function of `(values, folder, verbose)` that trains a model with the values of a
            trial in a run folder, and returns it with its history. For a finished folder it
            gives back the result.
        space: `Space`.
        identity: dict of JSON values. What makes a search another one.
        options: `SearchOptions`.

    Raises:
        RunError: when the folder holds another search, or is in use, or no chief answers.
        TrainingError: when all trials failed.
    """
    part, started = role(options.owner), time.time()
    runner = TrialRunner(train, space, options)
    if part == "worker":
        if _waits(options, started):
            _run(runner, space, options)
        return TuneResult(tuple(runner.done), options.folder, None)
    identity = json.loads(json.dumps(identity, default=str))
    options.folder.mkdir(parents=True, exist_ok=True)
    with locked_run(options.folder):
        _begin(identity, options)
        before = read_trials(options.folder, space)
        runner.known(before)
        if before and options.lines:
            print(f"{len(before)} of {options.trials} trials are done before.", flush=True)
        ended = None
        if part == "chief" and options.lines:
            print(f"{options.owner}: the chief waits for workers at {address()}.", flush=True)
            ended = functools.partial(_tell, runner, space, options)
        _run(runner, space, options, ended)
        write_json(options.folder / STATE, {"identity": identity, "finished": True})
        return _result(runner, space, options, part)


def _run(runner, space, options, ended=None):
    """Let KerasTuner run the trials; its own messages are left out."""
    import keras_tuner

    oracle = make_oracle(space, options, ended)
    own = options.folder / f"{os.environ.get('KERASTUNER_TUNER_ID', 'tuner0')}.json"
    if (options.folder / ORACLE).exists() and not own.exists():
        # KerasTuner goes on only where this file is, which it writes after the first trial.
        write_json(own, {})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            tuner = runner.tuner(oracle)
        except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
            raise RunError(
                f"{options.owner}: the search in {options.folder} cannot be read "
                f"({short_repr(error)}). Delete the folder, or name another one."
            ) from error
    oracle.verbose = 0
    from sklearn.exceptions import ConvergenceWarning

    try:
        with warnings.catch_warnings():
            # Of the Gaussian process, which has few trials to fit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            tuner.search(verbose=0)
    except keras_tuner.errors.FatalError as error:
        if error.__cause__ is None:
            raise
        raise error.__cause__ from None


def _tell(runner, space, options, number):
    """Print the line of a trial that a worker ran."""
    found = [trial for trial in read_trials(options.folder, space) if trial.number == number]
    if found:
        runner.tell(found[0])


def _begin(identity, options):
    """Write what this search is, or check that the folder holds the same one."""
    path = options.folder / STATE
    try:
        earlier = read_json(path)["identity"]
    except (OSError, ValueError, KeyError, TypeError):
        earlier = None
    if earlier is not None and not options.resume:
        _clear(options.folder)
    elif earlier is not None:
        different = [k for k in {**earlier, **identity} if earlier.get(k) != identity.get(k)]
        if different:
            words = "; ".join(
                f"{name} was {short_repr(earlier.get(name))}, is {short_repr(identity.get(name))}"
                for name in different[:MAX_DIFFERENCES]
            )
            raise RunError(
                f"The search in {options.folder} is another one: {words}. {options.otherwise}"
            )
    write_json(path, {"identity": identity, "finished": False})


def _clear(folder):
    """Remove the files of a search, and nothing else."""
    for path in folder.glob("trial_*"):
        shutil.rmtree(path)
    for path in folder.glob("*.json"):
        # KerasTuner keeps an empty object for each process, under its name.
        if path.name in (STATE, ORACLE) or path.read_text().strip() == "{}":
            path.unlink()


def _waits(options, started):
    """Whether the chief answers; `False` where it finished since this worker began."""
    path = options.folder / STATE

    def is_over():
        try:
            return path.stat().st_mtime >= started and read_json(path)["finished"]
        except (OSError, ValueError, KeyError):
            return False

    return wait_for_chief(options.owner, is_over)


def _result(runner: TrialRunner, space: Space, options: SearchOptions, part: Role) -> TuneResult:
    trials = read_trials(options.folder, space)
    good = [trial for trial in trials if trial.loss is not None and math.isfinite(trial.loss)]
    if not good:
        reason = next((trial.failed for trial in trials if trial.failed), "no trial was run")
        raise TrainingError(
            f"{options.owner}: all {len(trials)} trials failed. The first: {reason}"
        )
    best = min(good, key=lambda trial: (trial.loss, trial.number))
    if len(trials) < options.trials and options.lines:
        print(f"The space has no more values to try: {len(trials)} trials.", flush=True)
    best_run = runner.best_run(best.number) if part == "alone" else None
    if best_run is None:  # another process trained it: its run folder gives the result back
        best_run = runner.train(best.values, runner.folder(best.number), 0)
    remove_weights(options.folder, but=best.number)
    return TuneResult(tuple(trials), options.folder, best_run)
