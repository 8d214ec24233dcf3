"""The report's section of texts and sentences that the model got wrong."""

from kerakit.evaluation.report.html import table

__all__ = ["examples"]

_TEXTS = {
    "text": "Text",
    "true": "True class",
    "predicted": "Predicted",
    "confidence": "Confidence",
    "row": "Test row",
}
_TAGS = {
    "text": "Sentence",
    "token": "Token",
    "true": "True tag",
    "predicted": "Predicted",
    "confidence": "Confidence",
    "row": "Test row",
}


def examples(report):
    """Return the section as HTML, empty where there is nothing to show.

    Args:
        report: `Report`. Its `wrong` rows are shown, escaped.
    """
    if not report.wrong:
        return ""
    tags = report.task == "tagging"
    columns, what = (_TAGS, "tags") if tags else (_TEXTS, "texts")
    rows = [[row[key] for key in columns] for row in report.wrong]
    title = "Sentences with wrong tags" if tags else "Wrong with high confidence"
    shown = table(list(columns.values()), rows, len(rows), what, numbers=2)
    return f"<h2>{title}</h2>{shown}"
