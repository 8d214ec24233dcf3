"""Runs and served models in MLflow: `log_run`.

>>> from kerakit.integrations.mlflow import log_run
>>> logged = log_run("runs/wine/1", "saved_models/wine/1", experiment="wine")  # doctest: +SKIP
>>> model = mlflow.pyfunc.load_model(logged.model_uri)  # doctest: +SKIP

The extra brings MLflow: `pip install 'kerakit[mlflow]'`. This module imports it when `log_run` is
called.
"""

from kerakit.integrations.mlflow.log_run import LoggedRun, log_run

__all__ = ["LoggedRun", "log_run"]
