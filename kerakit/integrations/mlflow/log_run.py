"""`log_run`: a finished run and its served model in MLflow."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from kerakit import __version__
from kerakit.checks import check, shortlist
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.files import read_json
from kerakit.integrations.mlflow.run_files import RunFiles, read_run
from kerakit.integrations.mlflow.signature import describe, input_example, model_signature
from kerakit.integrations.mlflow.tracking import (
    check_reachable,
    errors_in_one_line,
    experiment_id,
    import_mlflow,
)
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import version_folder
from kerakit.warn import warn

__all__ = ["LoggedRun", "log_run"]

_LOADER = "kerakit.integrations.mlflow.served_model"
_BATCH = 500  # metrics in one request; a server takes 1000
_LONGEST_TAG = 5000  # characters that a server takes


@dataclasses.dataclass(frozen=True)
class LoggedRun:
    """What `log_run` made in MLflow.

    Attributes:
        run_id: str. The id of the run.
        experiment_id: str. The id of its experiment.
        model_uri: str or `None`. The address of the model, for `mlflow.pyfunc.load_model`; `None`
            without an export.
        model_version: str or `None`. The version in the model registry; `None` where the model
            was not registered.
    """

    run_id: str
    experiment_id: str
    model_uri: str | None = None
    model_version: str | None = None


def log_run(
    run_dir: str | os.PathLike[str],
    export_path: str | os.PathLike[str] | None = None,
    *,
    experiment: str | None = None,
    run_name: str | None = None,
    registered_model_name: str | None = None,
    tags: Mapping[str, Any] | None = None,
    tracking_uri: str | None = None,
) -> LoggedRun:
    """Log a finished run to MLflow: parameters, metrics, the report, and the served model.

    Metrics have the names `test/rmse`, `test/coverage` (of an interval), `baseline/linear/rmse`
    and `seconds/train`; the metrics of the epochs have the names that Keras gives them (`loss`,
    `val_loss`), with the epoch as the step, counted from 1. Parameters are the flags of a recipe
    and the settings of the training (`optimizer.class`, `batch_size`). The report, its plots, the
    configuration and the history are artifacts.

    The model is the export, so that `mlflow.pyfunc.load_model(model_uri).predict(frame)` answers
    as `kk.load_served(export_path)(frame)` does, always as a frame. A process that loads it needs
    MLflow, TensorFlow and kerakit. The model's requirements name the kerakit that logged it and
    the TensorFlow that exported it.

    A run that is active (`with mlflow.start_run(): ...`) is used, and left open. Parameters that
    it has already are kept. Otherwise a run is started and ended; it ends as `FAILED` when
    something cannot be logged.

    Args:
        run_dir: path of the run's folder, which `evaluate` wrote to: `runs/wine/1`.
        export_path: path of the exported version, which `export` returned:
            `saved_models/wine/1`. Defaults to `None`: no model is logged.
        experiment: str or `None`. The name of the experiment, which is created if there is none.
            Defaults to `None`: MLflow's active experiment.
        run_name: str or `None`. Defaults to `None`: the last two parts of `run_dir`, `wine/1`.
        registered_model_name: str or `None`. Register the model under this name as well.
        tags: dict or `None`. Further tags of the run.
        tracking_uri: str or `None`. Where MLflow stores runs: `sqlite:///mlflow.db`,
            `http://HOST:5000`. It is set as `mlflow.set_tracking_uri` sets it, and stays set.
            Defaults to `None`: as MLflow is set.

    Returns:
        `LoggedRun`, with the id of the run and the address of the model.

    Raises:
        ArgumentError: when MLflow is not installed, `export_path` is no export or one of other
            data, or a parameter goes against the active run.
        RunError: when `run_dir` holds no metrics of an evaluation.
        KerakitError: when the tracking server does not answer, or refuses something.

    Example:

    ```python
    path = kk.export(model, data, "saved_models/wine", run_dir="runs/wine/1")
    logged = log_run("runs/wine/1", path, tracking_uri="sqlite:///mlflow.db")
    answer = mlflow.pyfunc.load_model(logged.model_uri).predict(frame)
    ```
    """
    owner = "log_run"
    check(isinstance(run_dir, (str, os.PathLike)), owner, "run_dir", "the path of a run", run_dir)
    for name, value in {
        "experiment": experiment,
        "run_name": run_name,
        "registered_model_name": registered_model_name,
        "tracking_uri": tracking_uri,
    }.items():
        is_name = value is None or (isinstance(value, str) and value.strip())
        check(is_name, owner, name, "a str that is not empty", value)
    check(tags is None or isinstance(tags, Mapping), owner, "tags", "a dict", tags)
    mlflow = import_mlflow()
    folder = pathlib.Path(os.path.abspath(os.fsdecode(run_dir)))
    files = read_run(folder)
    export = None
    if export_path is not None:
        export = version_folder(owner, export_path)
        _check_same_data(folder, export)
    elif registered_model_name is not None:
        raise ArgumentError(
            "The 'registered_model_name' parameter of log_run needs a model. Pass export_path, "
            "the path that kk.export returned."
        )
    active = mlflow.active_run()
    if active is not None:
        _check_fits(active, experiment=experiment, run_name=run_name, tracking_uri=tracking_uri)
    else:
        check_reachable(mlflow.get_tracking_uri() if tracking_uri is None else tracking_uri)
    if tracking_uri is not None:
        mlflow.set_tracking_uri(tracking_uri)
    logged: dict[str, str] = {}
    with errors_in_one_line(logged), contextlib.ExitStack() as stack:
        run = active
        if run is None:
            number = None
            if experiment is not None:
                number = experiment_id(mlflow.MlflowClient(), experiment)
            name = run_name or "/".join(folder.parts[-2:])
            run = stack.enter_context(mlflow.start_run(experiment_id=number, run_name=name))
        logged["run"] = run.info.run_id
        logged["state"] = "is marked FAILED" if active is None else "is still active"
        mlflow.set_tags(_tags(folder, export, files, tags))
        _log_files(mlflow, run, files)
        info = None if export is None else _log_model(mlflow, export, registered_model_name)
    return LoggedRun(
        run.info.run_id,
        run.info.experiment_id,
        info and info.model_uri,
        info and info.registered_model_version and str(info.registered_model_version),
    )


def _tags(folder, export, files, tags):
    own = {
        "kerakit.version": __version__,
        "kerakit.task": files.task,
        "kerakit.run_dir": folder,
        "kerakit.export": export,
        "kerakit.undefined_metrics": ", ".join(files.undefined)[:_LONGEST_TAG],
    }
    own = {name: value for name, value in own.items() if value}
    return {str(name): str(value) for name, value in (own | dict(tags or {})).items()}


def _log_files(mlflow: ModuleType, run: Any, files: RunFiles) -> None:
    from mlflow.entities import Metric

    client, run_id = mlflow.MlflowClient(), run.info.run_id
    given = client.get_run(run_id).data.params
    differing = [name for name, v in files.params.items() if given.get(name, v) != v]
    if differing:
        warn(
            f"log_run: the active run has these parameters with other values, which are kept: "
            f"{shortlist(differing)}."
        )
    mlflow.log_params({name: v for name, v in files.params.items() if name not in given})
    now = int(time.time() * 1000)
    points = [Metric(name, value, now, 0) for name, value in files.metrics.items()]
    for name, values in files.history.items():
        points += [Metric(name, value, now, epoch) for epoch, value in enumerate(values, 1)]
    for start in range(0, len(points), _BATCH):
        client.log_batch(run_id, metrics=points[start : start + _BATCH])
    for path, place in files.files:
        mlflow.log_artifact(str(path), place)


def _log_model(mlflow, export, registered_model_name):
    manifest = read_manifest(export)
    spec = Spec.from_dict(manifest["spec"])
    versions = manifest["versions"]
    return mlflow.pyfunc.log_model(
        name="model",
        loader_module=_LOADER,
        data_path=str(export),
        pip_requirements=[f"kerakit=={__version__}", f"tensorflow=={versions['tensorflow']}"],
        signature=model_signature(manifest, spec),
        input_example=input_example(manifest, spec),
        metadata={"kerakit": describe(manifest, spec)},
        registered_model_name=registered_model_name,
    )


def _check_same_data(run_dir, export):
    """Refuse the export of another run's data; warn of one that was measured otherwise.

    Raises:
        ArgumentError: when the data differ.
    """
    manifest = read_manifest(export)
    try:
        fingerprint = read_json(run_dir / "spec.json").get("fingerprint")
    except (OSError, ValueError, AttributeError):
        fingerprint = None
    if fingerprint is not None and fingerprint != manifest["fingerprint"]:
        raise ArgumentError(
            f"log_run: the model in {export} was trained on other data than the run in {run_dir}. "
            "Pass the run and the export of one training."
        )
    measured = read_json(run_dir / "metrics.json").get("test")
    if manifest["metrics"] is not None and manifest["metrics"] != measured:
        warn(
            f"log_run: the export in {export} states other metrics than {run_dir}/metrics.json. "
            "The run was evaluated again after the export, or the two are of different trainings."
        )


def _check_fits(active, *, tracking_uri, **names):
    given = [name for name, value in {**names, "tracking_uri": tracking_uri}.items() if value]
    if given:
        raise ArgumentError(
            f"The '{given[0]}' parameter of log_run cannot be used while a run is active: "
            f"{active.info.run_name} ({active.info.run_id}). Leave it out, or end the run first "
            "with mlflow.end_run()."
        )
