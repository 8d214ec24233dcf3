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


def test_numbers():
    numbers = [0, -0.25, 1.0, 9.99996, 999.96, 1234.5, 2e12, 1e-7, -53.126]
    assert [format_number(n) for n in numbers] == [
        "0", "-0.2500", "1.000", "10.000", "1000.0", "1,234", "2e+12", "1e-07", "-53.13",
    ]  # fmt: skip
