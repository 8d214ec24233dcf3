"""`kerakit tune JOB`: a search over the flags of a recipe, then its report and export."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import pathlib
import shlex
import shutil
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Annotated, Any, Literal

from kerakit.builders.search_space import Choice, Range
from kerakit.checks import check, check_choice, check_int, short_repr
from kerakit.errors import ArgumentError, DataError
from kerakit.files import atomic_path, highest_version
from kerakit.integrations.keras_tuner.extra import check_extra
from kerakit.integrations.keras_tuner.oracles import ALGORITHMS
from kerakit.integrations.keras_tuner.progress import shown
from kerakit.integrations.keras_tuner.result import TuneResult
from kerakit.integrations.keras_tuner.roles import role, wait_for_chief
from kerakit.integrations.keras_tuner.space import Space, read_space
from kerakit.workflow import (
    AS_TEXT,
    Timer,
    command_line,
    finish_run,
    import_quietly,
    start_run,
)
from kerakit.workflow.flags.values import parse_object, run_name
from kerakit.workflow.jobs import load_recipe

__all__ = ["BUILDERS", "TuneFlags", "flag_words", "tune_job"]

# The jobs that can be tuned, and the builder of each, which declares what is tried.
BUILDERS = {
    "tabular-regression": "mlp_regressor",
    "tabular-classification": "mlp_classifier",
    "image-cnn": "cnn_classifier",
    "image-finetune": "pretrained_classifier",
    "sequence-forecast": "sequence_forecaster",
    "sequence-classify": "sequence_classifier",
    "sequence-tag": "sequence_tagger",
    "text-classify": "text_classifier",
}
_OWNER = "tune"
_SHARED = ("learning_rate", "batch_size")  # the flags of all jobs that may be tried
_NOT_TRIED = ("dataset", "epochs", "image_size", "backbone", "weights")
_EXAMPLE = '{"dropout": {"min": 0, "max": 0.5}, "learning_rate": [0.001, 0.003]}'
_RUN_FILES = ("model.keras", "checkpoint.npz", "history.csv", "spec.json")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TuneFlags:
    """The flags of a search, beside those of its job."""

    trials: int
    """Number of models to train, those of an interrupted search among them."""
    algorithm: Annotated[Literal["random", "bayesian"], AS_TEXT] = "random"
    """How values are chosen: random, or bayesian, which pays from about twenty trials on."""
    space: str | None = None
    """JSON object from flags to what is tried, such as '{"dropout": {"min": 0, "max": 0.5},
    "hidden": [[64], [128, 128]]}'; "scale": "log" for equal factors. Default: what the builder
    and the preset declare, but for the flags that you give."""


def tune_job(job: str, flags: Sequence[str]) -> None:
    """Search over the flags of a job, then evaluate and export the best model.

    Args:
        job: one of `BUILDERS`.
        flags: the flags of the job, and those of the search.

    Raises:
        ArgumentError: when the job cannot be tuned, or the extra is not installed.
    """
    if job == "fundamentals":
        raise ArgumentError("fundamentals trains small lessons; there is nothing to tune in it.")
    check_choice("kerakit tune", "JOB", job, BUILDERS)
    if not {"-h", "--help"} & set(flags):
        check_extra("kerakit tune")
        role("kerakit tune")
    recipe = load_recipe(job)
    config_class = dataclasses.make_dataclass(
        "Config",
        [],
        bases=(TuneFlags, recipe.Config),
        frozen=True,
        kw_only=True,
        namespace={"__module__": recipe.__name__},
    )
    description = (
        f"Search over the flags of `kerakit train {job}`, then evaluate and export the model "
        "that validates best."
    )
    run = functools.partial(_run, job=job, recipe=recipe, flags=flags)
    command_line(config_class, run, description, flags, verb="tune")


def _run(config: Any, *, job: str, recipe: ModuleType, flags: Sequence[str]) -> None:
    """Search, evaluate and export."""
    started = time.time()
    check_int(_OWNER, "trials", config.trials, minimum=1)
    check_choice(_OWNER, "algorithm", config.algorithm, ALGORITHMS)
    asked = _asked_space(config.space)
    if config.find_learning_rate:
        raise ArgumentError("--find-learning-rate goes with kerakit train, not with kerakit tune.")
    timer = Timer()
    loaded = recipe.load(config)
    loaded = loaded if isinstance(loaded, tuple) else (loaded,)
    if not loaded[0].spec.sizes.get("validation"):
        raise DataError("tune: the data have no validation split, which decides between trials.")
    timer.mark("data")
    import_quietly()
    import_quietly("keras_tuner")
    timer.mark("import")
    given = {_name(flag) for flag in flags}  # what a user gives is not tried
    space = _space(config, job, recipe, loaded, given, asked)
    if role("kerakit tune") == "worker":
        _work(config, recipe, loaded, space, started)
        return
    with start_run(config) as run:
        result = _search(config, recipe, loaded, space, run.folder / "search")
        best = dataclasses.replace(config, **result.best)
        _write_run(result, run.folder)
        timer.mark("train")
        _print_result(result, job, space, flags)
        finish_run(best, run, result.model, loaded[0], result.history, timer)


def _search(config, recipe, loaded, space, folder) -> TuneResult:
    from kerakit.integrations.keras_tuner.search import SearchOptions, search

    def train(values, path, verbose):
        of_trial = dataclasses.replace(config, **values)
        if config.tensorboard:
            logs = pathlib.Path(config.tensorboard, path.name)
            of_trial = dataclasses.replace(of_trial, tensorboard=str(logs))
        model = recipe.build(of_trial, *loaded)
        return model, recipe.train(of_trial, model, loaded[0], path, verbose)

    spec = loaded[0].spec
    lines, fit_verbose = shown("auto")
    options = SearchOptions(
        owner=_OWNER,
        trials=config.trials,
        algorithm=config.algorithm,
        seed=config.seed,
        folder=folder,
        lines=lines,
        fit_verbose=fit_verbose,
        otherwise="Take another --name, or --no-resume to begin the next version.",
    )
    identity = {"data": spec.fingerprint, "space": space.described()}
    return search(train, space, identity, options)


def _work(config, recipe, loaded, space, started):
    """Run the trials that the chief hands out; it has the report and the export."""
    home = pathlib.Path(config.runs, run_name(config))

    def newest():
        return home / str(highest_version(home)) / "search"

    def is_over():
        try:
            path = newest() / "search.json"
            return path.stat().st_mtime >= started and json.loads(path.read_text())["finished"]
        except (OSError, ValueError, KeyError):
            return False

    count = 0
    if wait_for_chief(_OWNER, is_over):
        count = len(_search(config, recipe, loaded, space, newest()).trials)
    trials = "1 trial" if count == 1 else f"{count} trials"
    print(f"This worker ran {trials}. The chief evaluates and exports the best model.")


def _asked_space(text: str | None) -> dict[str, Any] | None:
    """The value of `--space`, as the `space` of `kk.tune`."""
    value = parse_object("space", text, _EXAMPLE)
    if value is None:
        return None
    return {name.replace("-", "_"): _entry(name, entry) for name, entry in value.items()}


def _entry(name, value):
    if isinstance(value, dict):
        good = {"min", "max"} <= set(value) <= {"min", "max", "scale"}
        check(good, _OWNER, "space", '{"min": ..., "max": ..., "scale": "log"} for a range', value)
        try:
            return Range(value["min"], value["max"], value.get("scale", "linear"))
        except ArgumentError:
            expected = f"a range for {name} that goes up, with scale linear or log"
            check(False, _OWNER, "space", expected, value)
    if isinstance(value, list):
        check(bool(value), _OWNER, "space", f"a list of values for {name}", value)
        return [tuple(each) if isinstance(each, list) else each for each in value]
    return value


def _space(config, job, recipe, loaded, given, asked) -> Space:
    """What is tried: the flags of the job that the builder and the preset declare."""
    from kerakit.presets.settings import settings_of

    own = [name for name in recipe.Config.__annotations__ if name not in _NOT_TRIED]
    known = {name: getattr(config, name) for name in (*own, *_SHARED)}
    declared: dict[str, Range | Choice] = {}
    settings = settings_of(recipe.build(config, *loaded))
    builder = getattr(importlib.import_module("kerakit.builders"), BUILDERS[job])
    if not settings.measured:
        declared |= {n: e for n, e in settings.preset.search_space.items() if n in _SHARED}
        known["batch_size"] = known["batch_size"] or settings.preset.batch_size
        known["learning_rate"] = known["learning_rate"] or settings.preset.learning_rate
    declared = {n: e for n, e in builder.search_space.items() if n in known} | declared
    declared = {name: entry for name, entry in declared.items() if name not in given}
    if asked is None and not declared:
        raise ArgumentError(
            f"There is nothing left to try for {job}: you gave the flags that are tried. Leave "
            "one out, or name what is tried by --space."
        )
    space = read_space(_OWNER, asked, declared, known)
    if asked is not None:
        _try_values(config, recipe, loaded, space)
    return space


def _try_values(config, recipe, loaded, space):
    """Build a model for every end of what the user gave."""
    from kerakit.training.options import FitOptions

    tries = [(name, end) for name, entry in space.entries.items() for end in entry.ends]
    for name, value in [*space.fixed.items(), *tries]:
        try:
            of_trial = dataclasses.replace(config, **{name: value})
            model = recipe.build(of_trial, *loaded)
            fit = {n: getattr(of_trial, n) for n in ("batch_size", "augment") if n == name}
            FitOptions(owner=_OWNER, epochs=1, **fit).check(model, loaded[0])
        except (ArgumentError, TypeError, ValueError) as error:
            raise ArgumentError(f"tune cannot try {name}={short_repr(value)}: {error}") from None


def _write_run(result: TuneResult, folder: pathlib.Path) -> None:
    """Copy the files of the best trial into the run's folder, and write the table of trials."""
    import csv

    best = min(trial.number for trial in result.trials if trial.values == result.best)
    (source,) = [
        path
        for path in (folder / "search").glob("trial_*")
        if int(path.name.removeprefix("trial_")) + 1 == best
    ]
    for name in _RUN_FILES:
        if (source / name).exists():
            with atomic_path(folder / name) as draft:
                shutil.copyfile(source / name, draft)
    header, rows = result.rows()
    with atomic_path(folder / "trials.csv") as draft, open(draft, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _print_result(result: TuneResult, job: str, space: Space, flags: Sequence[str]) -> None:
    """Print the table of trials, and the command that trains with the best values."""
    print(f"\n{result}\n")
    words, own = [], False
    for flag in flags:
        own = _name(flag) in TuneFlags.__annotations__ if flag.startswith("--") else own
        words += [] if own else [flag]
    words += [word for name, value in result.best.items() for word in flag_words(name, value)]
    print(f"Best values: kerakit train {job} {shlex.join(words)}")


def flag_words(name: str, value: Any) -> list[str]:
    """Return the words of a command that set a flag; none for `None`, which is the default.

    Example:

    >>> flag_words("hidden", (64, 64)), flag_words("balanced", False), flag_words("units", None)
    (['--hidden', '64', '64'], ['--no-balanced'], [])
    """
    flag = name.replace("_", "-")
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    values = value if isinstance(value, tuple) else (value,)
    texts = [f"{each:.4g}" if isinstance(each, float) else str(each) for each in values]
    return [f"--{flag}", *texts]


def _name(flag):
    """The name of the field that a flag sets."""
    return flag.partition("=")[0].lstrip("-").replace("-", "_")
