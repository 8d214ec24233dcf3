"""Names and table of the stages of fine-tuning, for the report and the learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["HEADER", "stage_name", "stage_rows"]

HEADER = (
    "Stage",
    "Epochs",
    "Validation accuracy",
    "Validation log loss",
    "Decrease",
    "CPU seconds",
    "Kept",
)
_NAMES = {"head": "head", "last_blocks": "last blocks", "full": "whole network"}


def stage_name(stage: str) -> str:
    """Return the name of a stage of fine-tuning in words.

    Example:

    >>> stage_name("last_blocks")
    'last blocks'
    """
    return _NAMES.get(stage, str(stage).replace("_", " "))


def stage_rows(stages: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the rows of the table of stages, as text; the columns are those of `HEADER`.

    Args:
        stages: sequence of dicts with `stage`, `epochs`, `val_accuracy`, `val_loss`, `fall`,
            `standard_error`, `cpu_seconds` and `kept`, as `fine_tune` gives them. A value that
            is missing or `None` is shown as a dash. A stage with a `C` was solved, not
            trained by epochs.

    Example:

    >>> stage_rows([{"stage": "head", "epochs": 1, "val_accuracy": 0.9, "kept": True}])
    [['head', '1', '0.9000', '–', '–', '–', 'yes']]
    """
    return [
        [
            stage_name(stage["stage"]) + (", solved" if stage.get("C") is not None else ""),
            _number(stage.get("epochs"), "d"),
            _number(stage.get("val_accuracy"), ".4f"),
            _number(stage.get("val_loss"), ".4f"),
            _fall(stage),
            _number(stage.get("cpu_seconds"), ".1f"),
            "yes" if stage.get("kept") else "no",
        ]
        for stage in stages
    ]


def _fall(stage):
    error = stage.get("standard_error")
    return _number(stage.get("fall"), ".4f") + ("" if error is None else f" ± {error:.4f}")


def _number(value, form):
    return "–" if value is None else format(value, form)
