"""MLflow and its tracking server: whether they are there, and errors of one line."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from kerakit.errors import ArgumentError, KerakitError

__all__ = ["check_reachable", "errors_in_one_line", "experiment_id", "import_mlflow"]

_SECONDS = 5  # that a server may take to answer


def import_mlflow() -> ModuleType:
    """Return the module `mlflow`.

    Raises:
        ArgumentError: when it is not installed, or what loads models in it.
    """
    try:
        import mlflow
        import mlflow.pyfunc
    except ImportError as error:
        raise ArgumentError(
            f"log_run needs MLflow, which is not installed ({error}). Run "
            "pip install 'kerakit[mlflow]'."
        ) from error
    return mlflow


def check_reachable(uri: str) -> None:
    """Check that a tracking server answers; MLflow itself would try for minutes.

    Args:
        uri: str. Other addresses than those of HTTP are not checked.

    Raises:
        KerakitError: when nothing answers at the address.
    """
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return
    import requests

    try:
        requests.get(uri.rstrip("/") + "/health", timeout=_SECONDS)
    except requests.exceptions.SSLError:
        pass  # something answers; MLflow has settings for certificates
    except (requests.RequestException, ValueError) as error:
        where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without a password
        raise KerakitError(
            f"log_run: no tracking server answers at {where} ({type(error).__name__}). Nothing was "
            "logged. Start it (mlflow server), or pass another tracking_uri, such as "
            "'sqlite:///mlflow.db' for a file of this machine."
        ) from error


def experiment_id(client: Any, name: str) -> str:
    """Return the id of the experiment of a name, which is created if there is none.

    Raises:
        ArgumentError: when it was deleted.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name)
    if found.lifecycle_stage != "active":
        raise ArgumentError(
            f"The 'experiment' parameter of log_run names a deleted experiment: {name!r}. Restore "
            f"it (mlflow experiments restore -x {found.experiment_id}), or choose another name."
        )
    return found.experiment_id


@contextlib.contextmanager
def errors_in_one_line(logged: dict[str, str]) -> Iterator[None]:
    """Turn an error of MLflow into one that says how much was logged.

    Args:
        logged: dict. Its `"run"` is the run's id, once there is one; its `"state"` is the state
            in which the run is left.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError, ImportError) as error:  # a driver may be missing
        state = "Nothing was logged."
        if "run" in logged:
            state = f"The run {logged['run']} holds a part of it and {logged['state']}."
        raise KerakitError(f"log_run: {_short(error)}. {state}") from error


def _short(error):
    """The message of MLflow, without what is no use here."""
    text = " ".join(str(error).split()).rstrip(".")
    if "MLFLOW_ALLOW_FILE_STORE" in text:
        return (
            "MLflow keeps no runs in plain files any more. Pass "
            "tracking_uri='sqlite:///mlflow.db', or set MLFLOW_ALLOW_FILE_STORE=true"
        )
    return text if len(text) <= 300 else text[:300].rpartition(" ")[0] + " ..."
