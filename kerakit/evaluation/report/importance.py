"""The importance of the columns in a report: a sentence, and the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerakit.evaluation.report.headline import format_number

__all__ = ["importance_rows", "importance_text", "loss_name"]

_LOSSES = {
    "rmse": "RMSE",
    "rmse_standardised": "RMSE in standard deviations of the targets",
    "log_loss": "log loss",
}


def loss_name(importance: Mapping[str, Any], unit: str | None = None) -> str:
    """Return the name of the loss that increases, with the unit of an RMSE in brackets.

    Example:

    >>> loss_name({"measure": "rmse"}, "kg"), loss_name({"measure": "log_loss"})
    ('RMSE [kg]', 'log loss')
    """
    measure = importance["measure"]
    return f"{_LOSSES[measure]} [{unit}]" if unit and measure == "rmse" else _LOSSES[measure]


def importance_rows(importance: Mapping[str, Any], unit: str | None = None) -> list[list[str]]:
    """Return the table of the columns, its header first, the most important column next.

    Args:
        importance: dict as `Report.importance`.
        unit: str or `None`. The target's unit.

    Example:

    >>> column = {"column": "bmi", "increase": 12.3, "std": 0.8}
    >>> importance_rows({"measure": "rmse", "columns": [column]})
    [['column', 'increase of RMSE', 'std'], ['bmi', '12.30', '0.8000']]
    """
    header = ["column", f"increase of {loss_name(importance, unit)}", "std"]
    return [header] + [
        [one["column"], format_number(one["increase"]), format_number(one["std"])]
        for one in importance["columns"]
    ]


def importance_text(importance: Mapping[str, Any], unit: str | None = None) -> str:
    """Return what the importance says and how it was measured, in plain sentences.

    Args:
        importance: dict as `Report.importance`.
        unit: str or `None`. The target's unit.

    Example:

    >>> column = {"column": "bmi", "increase": 12.3, "std": 0.8}
    >>> found = {"measure": "rmse", "rows": 88, "repeats": 5, "column_count": 1}
    >>> print(importance_text(found | {"columns": [column]}).split(". ")[0])
    Shuffling 'bmi' among 88 test rows increases the RMSE by 12.30, the most of 1 column
    """
    columns, count = importance["columns"], importance["column_count"]
    first, name = columns[0], _LOSSES[importance["measure"]]
    counted = f"{count:,} column{'' if count == 1 else 's'}"
    rows = f"{importance['rows']:,} test rows"
    if first["increase"] <= 0:
        text = f"Shuffling a column among {rows} increases the {name} for none of {counted}."
    else:
        amount = format_number(first["increase"])
        amount += f" {unit}" if unit and importance["measure"] == "rmse" else ""
        text = (
            f"Shuffling {first['column']!r} among {rows} increases the {name} by {amount}, the "
            f"most of {counted}."
        )
    text += (
        f" Each increase is the mean of {importance['repeats']} shuffles, with its standard "
        "deviation. Columns that carry the same information share their importance: each alone "
        "may seem to count for little."
    )
    if count > len(columns):
        text += (
            f" Only the {len(columns):,} columns were measured whose shuffling changes the "
            "predictions most."
        )
    return text
