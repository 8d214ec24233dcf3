import json

import numpy as np
import pytest

from kerakit.evaluation.metrics import metrics


def test_regression_by_hand():
    result = metrics.regression_metrics([1.0, 2.0, 3.0, 6.0], [1.0, 3.0, 3.0, 4.0])
    # errors 0, 1, 0, -2; mean 3, total sum of squares 4 + 1 + 0 + 9
    assert result["rmse"] == pytest.approx(np.sqrt(5 / 4))
    assert result["mae"] == pytest.approx(3 / 4)
    assert result["r2"] == pytest.approx(1 - 5 / 14)


def test_several_targets_are_measured_each_by_itself():
    y = np.array([[0.0, 0.0], [2.0, 20.0]])
    p = y + np.array([[1.0, 10.0], [1.0, -10.0]])
    assert metrics.regression_metrics(y, p) == {"r2": 0.0}  # no mean over units
    expected = {"a": (1.0, 1.0, 0.0), "b": (10.0, 10.0, 0.0)}
    found = metrics.target_metrics(y, p, ["a", "b"])
    assert {name: tuple(values.values()) for name, values in found.items()} == expected
    y[:, 0] = 1.0  # undefined for the first target
    assert metrics.regression_metrics(y, p)["r2"] == 0.0


@pytest.mark.parametrize("y", [[4.0], [4.0, 4.0]])
def test_r2_is_none_where_it_is_undefined(y):
    assert metrics.regression_metrics(y, [1.0] * len(y))["r2"] is None


def test_shape_of_one_column_is_no_broadcast():
    flat = metrics.regression_metrics([1.0, 2.0], [2.0, 2.0])
    assert metrics.regression_metrics([1.0, 2.0], [[2.0], [2.0]]) == flat


def test_ece_by_hand():
    # Bins of 1/15: 0.62 and 0.64 share one (9/15, 10/15], 0.95 is in (14/15, 1].
    confidence = [0.62, 0.64, 0.95, 0.95, 0.95]
    correct = [True, False, True, True, False]
    expected = 2 / 5 * abs(0.5 - 0.63) + 3 / 5 * abs(2 / 3 - 0.95)
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(expected)


def test_ece_bins_are_closed_above():
    mean, accuracy, count = metrics.calibration_bins([0.0, 0.5, 0.51, 1.0], [0, 1, 0, 1], bins=2)
    np.testing.assert_allclose(mean, [0.25, 0.755])
    np.testing.assert_allclose(accuracy, [0.5, 0.5])
    np.testing.assert_allclose(count, [2, 2])


def test_two_classes_by_hand():
    y = [0, 0, 0, 1, 1]
    positive = np.array([0.1, 0.6, 0.3, 0.7, 0.4])
    result = metrics.classification_metrics(y, np.stack([1 - positive, positive], axis=1))
    assert result["accuracy"] == pytest.approx(3 / 5)
    assert result["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert result["f1"] == pytest.approx(0.5)  # precision 1/2, recall 1/2
    assert result["auc"] == pytest.approx(5 / 6)  # of six pairs one is out of order: 0.6 > 0.4
    # By falling probability: 1, 0, 1, 0, 0. Precision 1 at recall 1/2, then 2/3 at recall 1.
    assert result["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    likelihood = [0.9, 0.4, 0.7, 0.7, 0.4]
    assert result["log_loss"] == pytest.approx(-np.mean(np.log(likelihood)))


def test_three_classes_by_hand():
    y = [0, 1, 2, 2]
    p = [[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6], [0.1, 0.3, 0.6]]
    result = metrics.classification_metrics(y, p)
    assert result["accuracy"] == 0.75
    assert result["balanced_accuracy"] == pytest.approx(2 / 3)
    assert result["f1"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert result["auc"] == result["average_precision"] == pytest.approx(1.0)
    assert result["log_loss"] == pytest.approx(-np.mean(np.log([0.8, 0.4, 0.6, 0.6])))


def test_auc_is_none_when_a_class_is_absent(recwarn):
    result = metrics.classification_metrics([0, 1], [[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]])
    assert result["auc"] is None
    # Of the classes that are there: 1, and 1/2 where both rows have the probability 0.3.
    assert result["average_precision"] == pytest.approx(0.75)
    none = metrics.classification_metrics([0, 0], [[0.6, 0.4], [0.1, 0.9]])
    assert none["average_precision"] is None
    assert result["balanced_accuracy"] == pytest.approx(0.5)
    assert metrics.classification_metrics([1, 1], [[0.6, 0.4], [0.1, 0.9]])["auc"] is None
    assert not recwarn.list


def test_certain_and_wrong_stays_finite():
    result = metrics.classification_metrics([1, 0], np.float32([[1, 0], [1, 0]]))
    assert 10 < result["log_loss"] < 50
    json.dumps(result, allow_nan=False)


def test_multilabel_by_hand():
    y = [[1, 0], [0, 0], [1, 0]]
    p = [[0.9, 0.2], [0.6, 0.1], [0.7, 0.5]]
    result = metrics.multilabel_metrics(y, p)
    assert result["accuracy"] == pytest.approx(1 / 3)
    assert result["f1"] == pytest.approx((4 / 5 + 0) / 2)
    assert result["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert result["auc"] == pytest.approx(1.0)  # the second label has no positive row
    assert result["average_precision"] == pytest.approx(1.0)
    likelihood = [0.9, 0.8, 0.4, 0.9, 0.7, 0.5]
    assert result["log_loss"] == pytest.approx(-np.mean(np.log(likelihood)))
    json.dumps(result, allow_nan=False)


def test_top_5_by_hand():
    """Eleven classes: the true one is 1st, 5th, 6th, and 5th and 6th of equal ones."""
    steps = np.arange(11, 0, -1) / 66.0  # class 0 is the most probable, class 10 the least
    p = np.stack([steps, steps, steps, np.full(11, 1 / 11), np.full(11, 1 / 11)])
    result = metrics.classification_metrics([0, 4, 5, 4, 5], p)
    assert result["top_5_accuracy"] == pytest.approx(3 / 5)
    assert list(result)[-1] == "top_5_accuracy"


def test_top_5_is_never_below_accuracy_and_agrees_with_scikit_learn():
    from sklearn.metrics import top_k_accuracy_score

    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 20, 500), rng.dirichlet(np.ones(20), 500)
    result = metrics.classification_metrics(y, p)
    assert result["top_5_accuracy"] == pytest.approx(
        top_k_accuracy_score(y, p, k=5, labels=np.arange(20))
    )
    assert result["top_5_accuracy"] >= result["accuracy"]


def test_ten_classes_have_no_top_5():
    assert "top_5_accuracy" not in metrics.classification_metrics([0, 9], np.full((2, 10), 0.1))
