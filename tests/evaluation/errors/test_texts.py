"""Misclassified texts in the report."""

import pytest
from evaluation_cases import IDS, TEXTS, text_answers, text_data

from kerakit.evaluation import evaluate


@pytest.mark.drawing
def test_confident_errors_are_in_the_report(tmp_path):
    long = "prize <script>alert(1)</script>  \n" + "x" * 400
    data = text_data(TEXTS, IDS, test=["home", long, "a prize", ""], test_ids=[0, 0, 1, 1])
    model = text_answers("prize", ([0.7, 0.3], [0.1, 0.9]))
    report = evaluate(model, data, run_dir=tmp_path)
    assert report.test["accuracy"] == 0.5
    assert list(report.baseline) == ["majority", "logistic"]
    assert [(row["row"], row["true"], row["confidence"]) for row in report.confident_errors] == [
        (1, "ham", "90.0 %"), (3, "spam", "70.0 %"),
    ]  # fmt: skip
    assert len(report.confident_errors[0]["text"]) == 300 and report.confident_errors[0][
        "text"
    ].endswith("x…")
    page = report.path.read_text()
    assert "<h2>Confident errors</h2>" in page
    assert "prize &lt;script&gt;alert(1)&lt;/script&gt; x" in page and "<script>" not in page
    assert not evaluate(model, data).confident_errors  # without a report there is none to show
