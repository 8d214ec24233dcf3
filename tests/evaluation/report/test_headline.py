import dataclasses

import pytest

from kerakit.evaluation.report.headline import format_number
from kerakit.evaluation.report.report import Report


def regression(rmse=53.1, mean=77.0, **others):
    baseline = {"mean": {"rmse": mean}, **{k: {"rmse": v} for k, v in others.items()}}
    return Report("regression", {"rmse": rmse, "r2": None}, baseline, {"test": 1089})


@pytest.mark.parametrize(
    "report, text",
    [
        (regression(), "RMSE 53.10 on 1,089 test rows, 31% below predicting the mean."),
        (
            regression(linear=53.1),
            "RMSE 53.10 on 1,089 test rows, 31% below predicting the mean and level with a "
            "linear model.",
        ),
        (
            regression(linear=50.0, gradient_boosting=59.0),
            "RMSE 53.10 on 1,089 test rows, 31% below predicting the mean, 6% above a linear "
            "model and 10% below gradient boosting.",
        ),
        (regression(mean=50.0), "RMSE 53.10 on 1,089 test rows, 6% above predicting the mean."),
        (
            regression(mean=0.0),
            "RMSE 53.10 on 1,089 test rows, against 0 for predicting the mean.",
        ),
        (
            Report("binary", {"accuracy": 0.9}, {"majority": {"accuracy": 0.6}}, {"test": 1}),
            "Accuracy 0.9000 on 1 test row, against 0.6000 for always answering the majority "
            "class.",
        ),
        (Report("multilabel", {"f1": 0.5}, {}, {"test": 2}), "Macro F1 0.5000 on 2 test rows."),
    ],
)
def test_headline(report, text):
    assert report.headline() == text


CLASSES = ("accuracy", "balanced_accuracy", "average_precision")


def binary(supports, classes=("no", "yes")):
    model, constant = ((0.96, 0.7, 0.5), (0.95, 0.5, 0.05))
    per_class = {
        name: {"recall": recall, "support": support}
        for name, recall, support in zip(classes, (0.99, 0.4), supports, strict=True)
    }
    return Report(
        "binary",
        dict(zip(CLASSES, model, strict=True)),
        {"majority": dict(zip(CLASSES, constant, strict=True))},
        {"test": sum(supports)},
        per_class=per_class,
    )


def test_where_a_class_is_rare_accuracy_is_not_alone():
    assert binary((95, 5)).headline() == (
        "Accuracy 0.9600, balanced accuracy 0.7000 and average precision 0.5000 on 100 test rows, "
        "against 0.9500, 0.5000 and 0.0500 for always answering the majority class; recall of "
        "'yes' (5 % of the rows) 0.4000."
    )
    assert (
        binary((5, 95), ("bad", "good"))
        .headline()
        .endswith("; recall of 'good' 0.4000 and of 'bad' (5 % of the rows) 0.9900.")
    )
    assert "balanced" not in binary((90, 10)).headline()


def test_many_targets_are_counted():
    per_target = {f"t{i}": {"rmse": 1.0, "baseline": {"mean": {"rmse": i}}} for i in range(6)}
    report = Report("regression", {"r2": 0.5}, {"mean": {"r2": 0.0}}, {"test": 9})
    report = dataclasses.replace(report, per_target=per_target)
    assert report.headline() == (
        "RMSE of 6 targets on 9 test rows: below predicting the mean for 4 of 6."
    )


def test_numbers():
    numbers = [0, -0.25, 1.0, 9.99996, 999.96, 1234.5, 2e12, 1e-7, -53.126]
    assert [format_number(n) for n in numbers] == [
        "0", "-0.2500", "1.000", "10.000", "1000.0", "1,234", "2e+12", "1e-07", "-53.13",
    ]  # fmt: skip
