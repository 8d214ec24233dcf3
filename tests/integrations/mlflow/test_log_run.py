"""Runs in MLflow: what is found there again, and what is left of a run that could not be logged."""

import json
import math
import shutil
import socket
import sys

import pytest

import kerakit as kk
from kerakit.integrations.mlflow import log_run


@pytest.fixture
def run_of(store):
    import mlflow

    return lambda logged: mlflow.get_run(logged.run_id)


def refused(*arguments, **options):
    with pytest.raises(kk.KerakitError) as caught:
        log_run(*arguments, **options)
    assert len(str(caught.value)) <= 500
    return str(caught.value)


def test_the_missing_extra_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(kk.ArgumentError, match=r"pip install 'kerakit\[mlflow\]'"):
        log_run(tmp_path)


def test_metrics_stand_under_clear_names(trained, store, run_of):
    run = run_of(log_run(trained[0]))
    written = json.loads((trained[0] / "metrics.json").read_text())
    metrics = run.data.metrics
    for name in ("rmse", "mae", "r2", "coverage", "interval_width"):
        assert metrics[f"test/{name}"] == written["test"][name]
    for baseline in ("mean", "linear"):
        assert metrics[f"baseline/{baseline}/rmse"] == written["baseline"][baseline]["rmse"]
    assert metrics["test/max _error__"] == 2.5 and "test/empty" not in metrics
    assert run.data.tags["kerakit.undefined_metrics"] == "test/empty"
    assert run.info.run_name == "wine/1" and run.info.status == "FINISHED"


def test_the_epochs_have_the_names_of_keras(trained, store):
    import mlflow

    logged = log_run(trained[0])
    client = mlflow.MlflowClient()
    header, *lines = (trained[0] / "history.csv").read_text().splitlines()
    for column in ("loss", "val_loss"):
        points = client.get_metric_history(logged.run_id, column)
        place = header.split(",").index(column)
        expected = [(number, float(line.split(",")[place])) for number, line in enumerate(lines, 1)]
        assert [(point.step, point.value) for point in points] == expected


def test_a_loss_that_is_no_number_is_logged_as_such(trained, store, tmp_path):
    """It is in the history of a run that `TerminateOnNaN` ended."""
    import mlflow

    run_dir = shutil.copytree(trained[0], tmp_path / "run")
    (run_dir / "history.csv").write_text("epoch,loss\n1,0.5\n2,nan\n")
    logged = log_run(run_dir)
    points = mlflow.MlflowClient().get_metric_history(logged.run_id, "loss")
    assert points[0].value == 0.5 and math.isnan(points[1].value)


def test_parameters_are_those_of_the_training_and_of_a_recipe(trained, store, run_of, tmp_path):
    run_dir = shutil.copytree(trained[0], tmp_path / "run")
    config = {"epochs": 7, "note": "x" * 9000, "empty": None, "hidden": [4]}
    (run_dir / "config.json").write_text(json.dumps(config))
    params = run_of(log_run(run_dir)).data.params
    stated = {
        "optimizer.class": "Adam",
        "preset": "quantile_regression",
        "batch_size": "32",
        "rows_test": "12",
        "loss": "PinballLoss",
        "loss.quantiles": "[0.1, 0.5, 0.9]",
        "epochs": "7",
        "hidden": "[4]",
        "task": "regression",
    }
    assert {name: params.get(name) for name in stated} == stated
    assert len(params["note"]) == 6000 and "empty" not in params


def test_the_report_is_among_the_artifacts(trained, store, run_of):
    import mlflow

    logged = log_run(trained[0], tags={"team": 7})
    client = mlflow.MlflowClient()
    paths = {file.path for file in client.list_artifacts(logged.run_id)}
    assert paths == {"report.html", "metrics.json", "history.csv", "spec.json", "plots"}
    plots = {file.path for file in client.list_artifacts(logged.run_id, "plots")}
    assert "plots/residuals.png" in plots
    assert run_of(logged).data.tags["team"] == "7"


def test_an_active_run_is_used_and_its_parameters_are_kept(trained, store, run_of):
    import mlflow

    with mlflow.start_run(run_name="mine") as active:
        mlflow.log_params({"batch_size": 5, "preset": "quantile_regression"})
        with pytest.warns(UserWarning, match="other values, which are kept: 'batch_size'"):
            logged = log_run(trained[0])
        assert logged.run_id == active.info.run_id == mlflow.active_run().info.run_id
        message = refused(trained[0], run_name="other")
        assert "'run_name'" in message and "mlflow.end_run()" in message
    run = run_of(logged)
    assert (run.info.run_name, run.info.status) == ("mine", "FINISHED")
    assert run.data.params["batch_size"] == "5" and "test/rmse" in run.data.metrics


def test_an_experiment_is_created_once_and_a_deleted_one_is_named(trained, store):
    import mlflow

    first, second = (log_run(trained[0], experiment="wines") for _ in range(2))
    assert first.experiment_id == second.experiment_id != "0" and first.run_id != second.run_id
    mlflow.delete_experiment(first.experiment_id)
    message = refused(trained[0], experiment="wines")
    assert "deleted experiment: 'wines'" in message and "mlflow experiments restore" in message


def test_a_run_that_is_logged_by_half_ends_as_failed(trained, store):
    import mlflow

    mlflow.create_experiment("full", artifact_location="file:///proc/none")
    message = refused(trained[0], experiment="full")
    (run,) = mlflow.search_runs(experiment_names=["full"], output_format="list")
    assert run.info.status == "FAILED" and mlflow.active_run() is None
    assert f"The run {run.info.run_id} holds a part of it and is marked FAILED." in message


def test_a_server_that_does_not_answer_is_told_within_seconds(trained, store):
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))  # nobody listens
        uri = f"http://me:secret@127.0.0.1:{port.getsockname()[1]}"
        message = refused(trained[0], tracking_uri=uri)
    assert "no tracking server answers at http://127.0.0.1" in message
    assert "Nothing was logged" in message and "secret" not in message
    assert "Nothing was logged" in refused(trained[0], tracking_uri="odd://host")


def test_what_cannot_be_logged_is_refused_before_a_run_is_started(trained, store, tmp_path):
    import mlflow

    run_dir, path = trained
    other = shutil.copytree(run_dir, tmp_path / "other")
    spec = json.loads((other / "spec.json").read_text())
    (other / "spec.json").write_text(json.dumps({**spec, "fingerprint": "00"}))
    assert "run_dir=" in refused(tmp_path)
    assert "trained on other data" in refused(other, path)
    assert "is not an export of kerakit" in refused(run_dir, tmp_path)
    assert "Pass export_path" in refused(run_dir, registered_model_name="wine")
    assert "'run_dir'" in refused(3) and "'experiment'" in refused(run_dir, experiment=" ")
    assert "'tags'" in refused(run_dir, tags="a")
    assert not mlflow.search_runs(output_format="list")


@pytest.mark.slow
def test_a_database_holds_runs_and_registered_models(trained, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the artifacts go
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    logged = log_run(*trained, registered_model_name="wine", tracking_uri=uri)
    assert logged.model_version == "1" and mlflow.get_run(logged.run_id).info.status == "FINISHED"
    mlflow.pyfunc.load_model("models:/wine/1")
