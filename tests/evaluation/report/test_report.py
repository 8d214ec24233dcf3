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


def with_importance(count=12, total=12, first=12.3, **fields):
    columns = [
        {"column": f"c{i}", "increase": first - i, "std": 0.5 + i / 100} for i in range(count)
    ]
    found = {"measure": "rmse", "value": 53.1, "rows": 88, "repeats": 5, "column_count": total}
    return dataclasses.replace(regression(), importance=found | {"columns": columns}, **fields)


def test_importance_is_a_table_and_plain_sentences():
    lines = str(with_importance(unit="kg")).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("column"))
    assert lines[start].split() == ["column", "increase", "of", "RMSE", "[kg]", "std"]
    assert lines[start + 1].split() == ["c0", "12.30", "0.5000"]
    assert lines[start + 10].startswith("c9") and lines[start + 11] == "and 2 more columns"
    assert lines[start + 13] == (
        "Shuffling 'c0' among 88 test rows increases the RMSE by 12.30 kg, the most of 12 columns. "
        "Each increase is the mean of 5 shuffles, with its standard deviation. Columns that carry "
        "the same information share their importance: each alone may seem to count for little."
    )
    assert str(with_importance(3, 400)).endswith(
        "Only the 3 columns were measured whose shuffling changes the predictions most."
    )
    assert "increases the RMSE for none of 12 columns." in str(with_importance(first=0.0))
    assert "c0</th>" in with_importance()._repr_html_()
    assert json.loads(json.dumps(with_importance().to_dict()))["importance"]["rows"] == 88


def test_many_groups_of_origins_stay_a_short_table():
    from kerakit.evaluation.report.backtest import origin_rows

    group = {
        "windows": 2,
        "first": None,
        "last": None,
        "model": {"rmse": 1.0, "mase": None},
        "baseline": {"linear": {"rmse": 2.0, "mase": None}},
        "skill": {"linear": 0.5},
    }
    parts = {name: group[name] for name in ("model", "baseline", "skill")}
    origins = {"count": 30, "spacing": 1, "metric": "rmse", "groups": [group] * 30}
    origins |= {"mean": parts, "std": parts}
    rows = origin_rows(origins, 3)
    assert rows[0] == ["group", "windows", "rmse", "mase", "rmse, linear", "skill, linear"]
    assert rows[1] == ["1", "2", "1.000", "–", "2.000", "50 %"]
    assert [row[0] for row in rows] == ["group", "1", "2", "3", "and 27 more", "mean", "std"]
    assert len(origin_rows(origins)) == 33
    report = Report("forecast", {"rmse": 1.0}, {}, {"test": 60}, origins=origins)
    assert "and 6 more" in str(report) and "in 30 of 30 groups" in report._repr_html_()
