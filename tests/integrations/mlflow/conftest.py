"""A regressor with intervals that was trained, measured and exported once, and a store of files.

MLflow 3 has plain files behind a setting. A database (sqlite) takes three seconds of CPU time to
create, so that only a slow test has one.
"""

import logging
import pathlib
import sys

import numpy as np
import pandas as pd
import pytest
from marks import needs

import kerakit as kk

sys.path.append(str(pathlib.Path(__file__).parents[2] / "serving"))  # for the models of its tests


@pytest.fixture(scope="session")
def installed():
    """Skips a test where there is no MLflow, before anything is trained for it."""
    pytest.importorskip("mlflow", reason="the extra 'mlflow' is not installed")


@pytest.fixture(scope="session")
def frame():
    """60 rows: a number with gaps, whole numbers, strings with gaps, dates."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "fixed acidity": rng.normal(8, 1, 60),
            "year": rng.integers(1990, 2020, 60),
            "kind": rng.choice(["red", "white"], 60),
            "sold": pd.date_range("2024-01-01", periods=60, freq="11D"),
        }
    )
    table.loc[::7, "fixed acidity"] = np.nan
    table.loc[::9, "kind"] = None
    return table


@pytest.fixture(scope="session")
@needs("training", "drawing", "export")
def trained(installed, frame, tmp_path_factory):
    """`(run_dir, path of the export)`; a metric is undefined, another has an odd name."""
    folder = tmp_path_factory.mktemp("mlflow")
    run_dir = folder / "runs" / "wine" / "1"
    data = kk.load_arrays(frame, frame["year"] / 10 + (frame["kind"] == "red"))
    model = kk.mlp_regressor(data, hidden=(4,), quantiles=(0.1, 0.5, 0.9))
    kk.compile(model)
    kk.fit(model, data, epochs=2, run_dir=run_dir, verbose=0)
    own = {"max |error|?": lambda y, p: 2.5, "empty": lambda y, p: float("nan")}
    kk.evaluate(model, data, run_dir=run_dir, metrics=own, verbose=0)
    path = kk.export(model, data, folder / "saved_models" / "wine", run_dir=run_dir, verify=False)
    return run_dir, path


@pytest.fixture(scope="session", autouse=True)
def _quiet_and_alone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        yield


@pytest.fixture
def store(installed, tmp_path):
    """The address of an empty store; afterwards no run is active, and no address is set."""
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    uri = (tmp_path / "store").as_uri()
    mlflow.set_tracking_uri(uri)
    yield uri
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri("")
