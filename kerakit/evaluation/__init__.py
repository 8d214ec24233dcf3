"""Evaluation: metrics beside baselines, plots, and a report that opens with the result."""

# Not lazy: two of the names are those of their modules, which an import would put in their place.
from kerakit.evaluation.environment import environment
from kerakit.evaluation.evaluate import evaluate
from kerakit.evaluation.report.report import Report
from kerakit.evaluation.report.run_files import update_metrics

__all__ = ["Report", "environment", "evaluate", "update_metrics"]
