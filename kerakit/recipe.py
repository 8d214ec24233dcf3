"""What the recipes share: their flags, the way from flags to data, and the end of a run.

A recipe is a dataclass of flags, `run(config)` and `main`; this module gives it the flags
that every recipe has, exit codes, and the closing lines.
"""

import dataclasses
import importlib
import json
import os
import pathlib
import re
import sys
import time

from kerakit.errors import ArgumentError, KerakitError
from kerakit.files import highest_version

__all__ = [
    "Result",
    "RunFlags",
    "TableFlags",
    "Timer",
    "command_line",
    "finish",
    "import_quietly",
    "load_table",
    "start_run",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableFlags:
    """Flags that say what table to read."""

    dataset: str = ""
    """A built-in set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS sets."""
    csv: str | None = None
    """Your own CSV or Parquet file, instead of --dataset."""
    target: str | None = None
    """Column to predict; several with commas between."""
    columns: str | None = None
    """Names of the columns of a file without a header, with commas between."""
    test: str | None = None
    """File of test rows; else a part is split off."""
    validation: str | None = None
    """File of validation rows; else a part is split off."""
    task: str | None = None
    """regression, binary, multiclass or multilabel, where it is not to be inferred."""
    missing: str | None = None
    """What stands for a missing value, with commas between."""
    group: str | None = None
    """Column whose rows of one value stay on one side of the split."""
    exclude: str | None = None
    """Columns to leave out, with commas between."""
    labels: str | None = None
    """JSON object that maps labels to labels, such as '{"yes.": "yes"}'."""
    unit: str | None = None
    """Unit of a numeric target, for the report."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFlags:
    """Flags that say how to run."""

    name: str | None = None
    """Name of the run and of the served model; by default the data's."""
    out: str = "saved_models"
    """Folder of exported models."""
    runs: str = "runs"
    """Folder of runs."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    batch_size: int | None = None
    """Rows per step; by default the preset's."""
    learning_rate: float | None = None
    """The highest rate; by default the preset's."""
    preset: str | None = None
    """Compile preset; by default the task's."""
    precision: str = "auto"
    """auto, float32 or mixed_bfloat16."""
    seed: int = 0
    """Seed of the split, the weights and the order of rows."""
    cache_mb: int = 512
    """MiB that the preprocessed data may take in memory."""
    resume: bool = True
    """Go on with an unfinished run of the same name."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What a recipe's `run` gives back.

    Attributes:
        report: the `Report` of the evaluation.
        model: `keras.Model`, trained.
        run_dir: `pathlib.Path` of the run's folder.
        path: `pathlib.Path` of the exported version.
        seconds: dict of wall seconds by stage.
    """

    report: object
    model: object
    run_dir: pathlib.Path
    path: pathlib.Path
    seconds: dict[str, float]


class Timer:
    """Wall seconds of the stages of a run, and its CPU seconds."""

    def __init__(self):
        self._start = self._last = time.perf_counter()
        self._cpu = time.process_time()
        self.seconds = {}

    def mark(self, stage):
        """Count the time since the last mark to `stage`."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now

    def total(self):
        """Return `(seconds by stage with their total, CPU seconds)`."""
        total = round(time.perf_counter() - self._start, 3)
        return {**self.seconds, "total": total}, round(time.process_time() - self._cpu, 3)


def load_table(config):
    """Load the table that the flags name.

    Args:
        config: a dataclass with the fields of `TableFlags` and a `seed`.

    Returns:
        `Data`.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_csv, load_tfds

    options = {"task": config.task, "seed": config.seed}
    if config.csv is None:
        given = ("target", "columns", "test", "validation", "missing", "group", "exclude", "labels")
        spare = [flag for flag in given if getattr(config, flag) is not None]
        is_tfds = config.dataset.startswith("tfds:")
        spare = [flag for flag in spare if not (is_tfds and flag in ("target", "exclude"))]
        if spare:
            raise ArgumentError(f"--{spare[0]} goes with --csv FILE, which is not given.")
        if not is_tfds:
            return load_builtin(config.dataset, **options)
        if config.target:
            options["target"] = config.target
        if config.exclude:
            options["exclude"] = _listed(config.exclude)
        return load_tfds(config.dataset[5:], data_dir=config.data_dir, **options)
    if config.target is None:
        raise ArgumentError("--csv needs --target, the column to predict.")
    target = _listed(config.target)
    return load_csv(
        config.csv,
        target[0] if len(target) == 1 else target,
        columns=_listed(config.columns),
        test=config.test,
        validation=config.validation,
        missing=_listed(config.missing),
        group=config.group,
        exclude=_listed(config.exclude) or (),
        labels=_mapping(config.labels),
        unit=config.unit,
        **options,
    )


def run_name(config):
    """Return the run's name: the flag, or one made of the data's name."""
    source = pathlib.Path(config.csv).stem if config.csv else config.dataset.removeprefix("tfds:")
    return config.name or re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_") or "table"


def identity(config):
    """Return the flags that make a run this run, as a dict of JSON values."""
    own = {"name", "out", "runs", "resume", "cache_mb"}
    fields = dataclasses.asdict(config)
    return json.loads(json.dumps({k: v for k, v in fields.items() if k not in own}))


def start_run(config):
    """Open the run that the flags name, once the place of its export has been looked at.

    Returns:
        context manager that gives the `Run`, as `open_run` does.

    Raises:
        ArgumentError: when nothing could be exported in the end: `--out` holds a file in the
            model's place, or a half-written version.
    """
    from kerakit.serving.versions import check_base, check_versions
    from kerakit.training import open_run

    name = run_name(config)
    check_versions(check_base("--out", pathlib.Path(config.out, name)))
    return open_run(name, identity(config), config.runs, config.out, config.resume)


def finish(config, run, model, data, history, timer):
    """Evaluate and export what was trained, record the times, and print how to use it.

    Returns:
        `Result`.
    """
    from kerakit.evaluation import evaluate, update_metrics
    from kerakit.serving import export

    details = {
        "name": run.name,
        "version": run.version,
        "config": identity(config),
        "preset": model.kerakit_settings.preset.name,
        "epochs": len(history.epoch),
        "seconds": timer.seconds,
    }
    report = evaluate(model, data, run_dir=run.folder, history=history, details=details, verbose=0)
    timer.mark("evaluate")
    print("\nExporting, and asking the export in a fresh process ...", flush=True)
    base = pathlib.Path(config.out, run.name)
    sample = data.table("test") or data.test
    version = run.export_version(base)
    try:
        path = export(model, data.spec, base, sample=sample, version=version, run_dir=run.folder)
    except ArgumentError:
        if highest_version(base) < version:
            raise
        # Another export took the number while this one was checked: the next free one.
        path = export(model, data.spec, base, sample=sample, run_dir=run.folder)
    run.follow(int(path.name))
    report = dataclasses.replace(report, path=run.folder / "report.html")
    timer.mark("export")
    seconds, cpu = timer.total()
    update_metrics(run.folder, version=int(path.name), seconds=seconds, cpu_seconds=cpu)
    _print_closing(report, path)
    return Result(report, model, run.folder, path, seconds)


def command_line(config_class, run, description):
    """Run a recipe from the command line, and exit with its code.

    0 done, 1 failed on the way, 2 bad input (nothing written), 130 interrupted.
    """
    import tyro

    config = tyro.cli(config_class, description=description)

    def action():
        import_quietly()
        run(config)

    sys.exit(exit_code(action))


def import_quietly(module="keras"):
    """Import Keras, or `module`, and so TensorFlow, without the notes that it prints.

    They are about processors and drivers, written before its log level counts; what goes
    wrong is raised all the same.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        importlib.import_module(module)
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def exit_code(action, interrupted="The same command goes on from the last finished epoch."):
    """Call `action`; print an error as one line; return the exit code it stands for.

    `interrupted` says what has become of the work when the user stops it.
    """
    try:
        action()
    except KeyboardInterrupt:
        print(f"\nInterrupted. {interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Who read the output has seen enough, such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KerakitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _print_closing(report, path):
    from kerakit.serving import curl_line, docker_line

    print(f"\n{report}\n")
    print(f"SavedModel: {path}\n")
    print("Serve it, and ask it:")
    print(docker_line(path))
    print(curl_line(path))


def _listed(text):
    return None if text is None else tuple(part.strip() for part in text.split(","))


def _mapping(text):
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ArgumentError(
            f'--labels takes a JSON object, such as \'{{"yes.": "yes"}}\'. Got {text!r}.'
        )
    return value
