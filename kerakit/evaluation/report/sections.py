"""The report's section on classes: how each fares, and which are taken for which."""

from kerakit.evaluation.report.html import table

__all__ = ["class_tables"]

MAX_CLASSES = 1000  # some 100 KB of page


def class_tables(report, spec):
    """Return the section as HTML, empty where a row has no single label.

    Args:
        report: `Report`.
        spec: `Spec` of the data.

    Returns:
        str. A table with a row for each class, in their order: precision, recall, F1, test
        rows (of tags, tokens), training rows; and one of the pairs that are mixed up most often.
    """
    if not report.per_class:
        return ""
    counts = spec.class_counts or (None,) * len(report.per_class)
    rows = [
        [name, *map(_number, (one["precision"], one["recall"], one["f1"])), one["support"], count]
        for (name, one), count in zip(report.per_class.items(), counts, strict=True)
    ]
    one = "token" if report.task == "tagging" else "row"
    header = ["Class", "Precision", "Recall", "F1", f"Test {one}s", f"Training {one}s"]
    each = table(header, rows, MAX_CLASSES, "classes", numbers=5)
    pairs = [
        [pair["true"], pair["predicted"], pair["count"], f"{100 * pair['share']:.1f} %"]
        for pair in report.confused
    ]
    header = ["True class", "Predicted", f"Test {one}s", "Share of true class"]
    confused = (
        table(header, pairs, len(pairs), "pairs", numbers=2)
        if pairs
        else f'<p class="note">No test {one} was taken for another class.</p>'
    )
    return (
        '<h2>Classes</h2><div class="beside">'
        f"<div><h3>Each class</h3>{each}</div><div><h3>Most confused</h3>{confused}</div></div>"
    )


def _number(share):
    return "–" if share is None else f"{share:.3f}"
