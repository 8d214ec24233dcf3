import dataclasses
import json
import pathlib

from kerakit.evaluation.report.report import Report


def regression(rmse=53.1, mean=77.0, **others):
    baseline = {"mean": {"rmse": mean}, **{k: {"rmse": v} for k, v in others.items()}}
    return Report("regression", {"rmse": rmse, "r2": None}, baseline, {"test": 1089})


def test_table_is_aligned_and_says_what_is_unknown():
    lines = str(regression(linear=60.0)).splitlines()
    assert lines[2].split() == ["model", "mean", "linear"]
    assert lines[3].split() == ["rmse", "53.10", "77.00", "60.00"]
    assert lines[4].split() == ["r2", "–", "–", "–"]
    assert len({len(line) for line in lines[2:5]}) == 1


def test_html_of_a_notebook_is_escaped():
    report = Report("regression", {"rmse": 1.0}, {}, {"test": 2}, unit="<b>&")
    assert "&lt;b&gt;&amp;" in report._repr_html_() and "<b>" not in report._repr_html_()


def test_to_dict_is_json():
    report = Report("binary", {"auc": None}, {}, {"test": 1}, {"roc": pathlib.Path("a.png")})
    assert json.loads(json.dumps(report.to_dict()))["plots"] == {"roc": "a.png"}


def test_repr_is_a_few_lines_with_every_number():
    report = dataclasses.replace(regression(linear=60.0), path=pathlib.Path("runs/report.html"))
    assert repr(report).splitlines() == [
        f"Report of regression: {report.headline()}",
        "  model: rmse 53.10, r2 –",
        "  mean: rmse 77.00",
        "  linear: rmse 60.00",
        "  report: runs/report.html",
    ]


def test_html_of_a_notebook_has_the_table_and_the_notes():
    report = dataclasses.replace(regression(linear=60.0), notes=("A <b>note</b>.",))
    text = report._repr_html_()
    assert report.headline() in text and "A &lt;b&gt;note&lt;/b&gt;." in text
    for cell in ("linear</th>", "rmse</th>", ">60.00</td>", ">–</td>"):
        assert cell in text
    assert "src=" not in text and "href=" not in text and "<script" not in text
    for tag in ("table", "tr", "p", "small", "strong"):
        assert text.count(f"<{tag}>") + text.count(f"<{tag} ") == text.count(f"</{tag}>") > 0
