"""Searches for better arguments over KerasTuner, which `pip install 'kerakit[tune]'` brings."""

from kerakit.integrations.keras_tuner.result import Trial, TuneResult
from kerakit.integrations.keras_tuner.tuning import tune

__all__ = ["Trial", "TuneResult", "tune"]
