"""The frame of a recipe's run: how it starts, what logs it, how it ends, and its result."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kerakit.errors import ArgumentError, DataError
from kerakit.files import highest_version
from kerakit.status import status
from kerakit.workflow.flags import RunFlags
from kerakit.workflow.flags.names import flags_of, with_flags
from kerakit.workflow.flags.values import data_path, run_name

if TYPE_CHECKING:
    import keras

    from kerakit.data import Data
    from kerakit.evaluation import Report
    from kerakit.training import Run

__all__ = [
    "Result",
    "Timer",
    "check_tensorboard",
    "finish_run",
    "start_run",
    "tensorboard_callbacks",
]


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a recipe's `run`.

    Attributes:
        report: the `Report` of the evaluation.
        model: the trained model.
        run_dir: the folder of the run.
        path: the folder of the exported version.
        seconds: the wall time of each stage, in seconds.
    """

    report: Report
    model: keras.Model
    run_dir: pathlib.Path
    path: pathlib.Path
    seconds: dict[str, float]


class Timer:
    """The wall time of the stages of a run, and the CPU time of the whole run.

    Attributes:
        seconds: the wall time of each stage, in seconds.
    """

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._cpu = time.process_time()
        self.seconds: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        """Record that a stage has ended: it took the time since the last mark."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now

    def total(self) -> tuple[dict[str, float], float]:
        """Return `(seconds by stage and in total, CPU seconds)`."""
        total = round(time.perf_counter() - self._start, 3)
        return {**self.seconds, "total": total}, round(time.process_time() - self._cpu, 3)


def start_run(config: RunFlags) -> contextlib.AbstractContextManager[Run]:
    """Open the run that the flags name, after a check of the folder of its export.

    Returns:
        A context manager that gives the `Run`, as `open_run` does.

    Raises:
        ArgumentError: when nothing could be exported in the end: `--out` holds a file in the
            place of the model's folder, or a half-written version.
    """
    from kerakit.serving.contract.versions import check_model_dir, check_versions
    from kerakit.training import open_run

    name = run_name(config)
    check_versions(check_model_dir("the recipe", "--out", pathlib.Path(config.out, name)))
    return open_run(name, _identity(config), config.runs, config.out, config.resume)


def check_tensorboard(config: RunFlags) -> None:
    """Check that TensorBoard is installed, where `--tensorboard` asks for it.

    Args:
        config: the flags of the recipe.

    Raises:
        ArgumentError: when it is not installed, or its folder is a file.
    """
    if getattr(config, "tensorboard", None) is None:
        return
    if find_spec("tensorboard") is None:
        raise ArgumentError(
            "--tensorboard needs tensorboard, which is not installed: pip install 'kerakit[tune]', "
            "or pip install tensorboard."
        )
    if config.tensorboard and pathlib.Path(config.tensorboard).is_file():
        raise ArgumentError(f"--tensorboard takes a folder. {config.tensorboard!r} is a file.")


def tensorboard_callbacks(
    config: RunFlags, run_dir: pathlib.Path
) -> list[keras.callbacks.Callback]:
    """Return the callbacks that the flags ask for: one of TensorBoard, or none.

    Args:
        config: the flags of the recipe.
        run_dir: path of the run's folder.
    """
    if config.tensorboard is None:
        return []
    import keras

    folder = pathlib.Path(config.tensorboard) if config.tensorboard else run_dir / "tensorboard"
    return [keras.callbacks.TensorBoard(folder)]


def finish_run(
    config: RunFlags,
    run: Run,
    model: keras.Model,
    data: Data,
    history: keras.callbacks.History,
    timer: Timer,
) -> Result:
    """Calibrate, evaluate and export the trained model, and print how to use it."""
    from kerakit.evaluation import evaluate, update_metrics
    from kerakit.presets.settings import settings_of
    from kerakit.serving import export

    details = {
        "name": run.name,
        "version": run.version,
        "config": _identity(config),
        "preset": settings_of(model).preset.name,
        "epochs": len(history.epoch),
        "seconds": timer.seconds,
    }
    if config.calibrate:
        _calibrate(config, run, model, data)
    with status("Evaluating the model"):
        report = evaluate(
            model,
            data,
            run_dir=run.folder,
            history=history,
            origins=getattr(config, "origins", None),
            details=details,
            verbose=0,
        )
    timer.mark("evaluate")
    print("\nExporting the model, and checking the export in a fresh process ...", flush=True)
    model_dir = pathlib.Path(config.out, run.name)
    version = run.export_version(model_dir)
    try:
        path = export(model, data, model_dir, version=version, run_dir=run.folder)
    except ArgumentError:
        if highest_version(model_dir) < version:
            raise
        # Another export took the number while this export was checked: use the next free one.
        path = export(model, data, model_dir, run_dir=run.folder)
    run.follow(int(path.name))
    report = dataclasses.replace(report, path=run.folder / "report.html")
    timer.mark("export")
    seconds, cpu_seconds = timer.total()
    update_metrics(run.folder, version=int(path.name), seconds=seconds, cpu_seconds=cpu_seconds)
    _print_closing(report, path)
    return Result(report, model, run.folder, path, seconds)


def _calibrate(config, run, model, data):
    """Calibrate the answers, where there are rows to calibrate them by."""
    from kerakit.trust import calibrate

    try:
        print(f"\n{calibrate(model, data, config.coverage, run_dir=run.folder)}", flush=True)
    except DataError as error:
        reason = with_flags(str(error).removeprefix("calibrate: "), flags_of(vars(config)))
        print(f"\ncalibration: left out. {reason}", flush=True)


def _identity(config: RunFlags) -> dict[str, Any]:
    """Return the flags by which an unfinished run is known again, as JSON values."""
    left_out = {
        "name",
        "out",
        "runs",
        "resume",
        "cache_mb",
        "calibrate",
        "coverage",
        "origins",
        "find_learning_rate",
        "tensorboard",
        "trials",
    }
    if data_path(config) is not None:
        left_out.add("dataset")  # the default of a flag that was not used
    fields = dataclasses.asdict(config)
    return json.loads(json.dumps({k: v for k, v in fields.items() if k not in left_out}))


def _print_closing(report: Report, path: pathlib.Path) -> None:
    from kerakit.serving import curl_line, docker_line

    print(f"\n{report}\n")
    print(f"SavedModel: {path}\n")
    print("Serve the model, and send it a request:")
    print(docker_line(path))
    print(curl_line(path))
