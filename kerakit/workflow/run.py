"""The frame of a recipe's run: its place, its end, and what it gives back."""

import dataclasses
import json
import pathlib
import time

from kerakit.errors import ArgumentError
from kerakit.files import highest_version
from kerakit.workflow.sources import own_data, run_name

__all__ = ["Result", "Timer", "finish", "start_run"]


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


def start_run(config):
    """Open the run that the flags name, once the place of its export has been looked at.

    Returns:
        context manager that gives the `Run`, as `open_run` does.

    Raises:
        ArgumentError: when nothing could be exported in the end: `--out` holds a file in the
            model's place, or a half-written version.
    """
    from kerakit.serving.contract.versions import check_model_dir, check_versions
    from kerakit.training import open_run

    name = run_name(config)
    check_versions(check_model_dir("the recipe", "--out", pathlib.Path(config.out, name)))
    return open_run(name, _identity(config), config.runs, config.out, config.resume)


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
        "config": _identity(config),
        "preset": model.kerakit_settings.preset.name,
        "epochs": len(history.epoch),
        "seconds": timer.seconds,
    }
    report = evaluate(model, data, run_dir=run.folder, history=history, details=details, verbose=0)
    timer.mark("evaluate")
    print("\nExporting, and asking the export in a fresh process ...", flush=True)
    base = pathlib.Path(config.out, run.name)
    version = run.export_version(base)
    try:
        path = export(model, data, base, version=version, run_dir=run.folder)
    except ArgumentError:
        if highest_version(base) < version:
            raise
        # Another export took the number while this one was checked: the next free one.
        path = export(model, data, base, run_dir=run.folder)
    run.follow(int(path.name))
    report = dataclasses.replace(report, path=run.folder / "report.html")
    timer.mark("export")
    seconds, cpu = timer.total()
    update_metrics(run.folder, version=int(path.name), seconds=seconds, cpu_seconds=cpu)
    _print_closing(report, path)
    return Result(report, model, run.folder, path, seconds)


def _identity(config):
    """Return the flags that make a run this run, as a dict of JSON values."""
    apart = {"name", "out", "runs", "resume", "cache_mb"}
    if own_data(config) is not None:
        apart.add("dataset")  # the default of a flag that was not used
    fields = dataclasses.asdict(config)
    return json.loads(json.dumps({k: v for k, v in fields.items() if k not in apart}))


def _print_closing(report, path):
    from kerakit.serving import curl_line, docker_line

    print(f"\n{report}\n")
    print(f"SavedModel: {path}\n")
    print("Serve it, and ask it:")
    print(docker_line(path))
    print(curl_line(path))
