"""scikit-learn's own checks of an estimator. Those that fail are listed with their reason."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from kerakit.integrations.sklearn import (
    KerakitClassifier,
    KerakitRegressor,
    expected_failed_checks,
)

SMALL = {"hidden": (16,), "epochs": 40, "learning_rate": 0.03}
ESTIMATORS = [KerakitRegressor(**SMALL), KerakitClassifier(**SMALL)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_every_expected_failure_is_a_check_and_has_a_reason(estimator):
    from sklearn.utils.estimator_checks import estimator_checks_generator

    names = {
        getattr(check, "func", check).__name__ for _, check in estimator_checks_generator(estimator)
    }
    expected = expected_failed_checks(estimator)
    assert set(expected) <= names and 1 <= len(expected) <= 2
    assert all(reason.endswith(".") for reason in expected.values())
