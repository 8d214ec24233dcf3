"""Confident errors of a text classifier, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerakit.data.tasks import TASKS
from kerakit.evaluation.errors.confident_errors import WrongPrediction, percent

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["has_texts", "shorten", "text_rows"]

MAX_CHARACTERS = 300


def has_texts(spec: Spec) -> bool:
    """Whether each row is one text, or the parts of one, with one label."""
    text = all(feature.kind == "text" for feature in spec.features)
    return text and TASKS[spec.task].answer == "label"


def text_rows(
    errors: Sequence[WrongPrediction], classes: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    """Return wrong predictions as rows of the report's table of confident errors.

    Args:
        errors: list of `WrongPrediction` whose `example` is a text.
        classes: sequence of str.

    Returns:
        tuple of dicts of `row` (int), `text` (str, 300 characters at most, on one line),
        `true` and `predicted` (str), and `confidence` (str, in percent).

    Example:

    >>> text_rows([WrongPrediction(3, 0, 1, 0.9, "free  tea")], ("ham", "spam"))[0]["text"]
    'free tea'
    """
    return tuple(
        {
            "row": error.row,
            "text": shorten(error.example),
            "true": str(classes[error.true]),
            "predicted": str(classes[error.predicted]),
            "confidence": percent(error.confidence),
        }
        for error in errors
    )


def shorten(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return a text on one line, with at most `limit` characters."""
    text = " ".join(text[: 4 * limit].split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
