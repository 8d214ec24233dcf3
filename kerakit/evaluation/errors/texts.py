"""The errors that a text classifier was surest of, as rows of a table."""

from kerakit.evaluation.errors.confident_errors import percent

__all__ = ["shows_texts", "wrong_texts"]

MAX_CHARACTERS = 300


def shows_texts(spec):
    """Whether there is a text to show beside each single label."""
    text = len(spec.features) == 1 and spec.features[0].kind == "text"
    return text and spec.task in ("binary", "multiclass")


def wrong_texts(errors, classes):
    """Return wrong answers as rows of the report's table of examples.

    Args:
        errors: list of `WrongAnswer` whose `shown` is a text.
        classes: sequence of str.

    Returns:
        tuple of dicts of `row` (int), `text` (str, 300 characters at most, on one line),
        `true` and `predicted` (str), and `confidence` (str, in percent).

    Example:

    >>> from kerakit.evaluation.errors.confident_errors import WrongAnswer
    >>> wrong_texts([WrongAnswer(3, 0, 1, 0.9, "free  tea")], ("ham", "spam"))[0]["text"]
    'free tea'
    """
    return tuple(
        {
            "row": error.row,
            "text": cut(error.shown),
            "true": str(classes[error.true]),
            "predicted": str(classes[error.predicted]),
            "confidence": percent(error.confidence),
        }
        for error in errors
    )


def cut(text, limit=MAX_CHARACTERS):
    """Return a text on one line, and short enough for a table."""
    text = " ".join(text[: 4 * limit].split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
