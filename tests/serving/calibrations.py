"""Calibrations by hand of the small models of the tests of serving."""

import numpy as np

from kerakit.builders.contract import (
    Calibration,
    Intervals,
    Probabilities,
    SetRule,
    Spread,
    remember_calibration,
    weights_number,
)

__all__ = ["CALIBRATIONS", "calibrated"]

_TWO = Spread(
    knots=np.array([[80.0, 95.0, 100.0], [85.0, 100.0, 120.0]]),
    kernel=np.array([[0.7, -0.3, 0.4, 0.1, -0.2, 0.3, 0.2, 0.1, 0.3], [-0.5, 0.9, *[0.0] * 7]]),
    bias=np.array([-0.1, 0.2]),
)
_ONE = Spread(_TWO.knots[:1], _TWO.kernel[:1, :2], _TWO.bias[:1])
_CURVE = np.array([0.0, 0.3, 0.6, 1.0])

# By the case that a calibration fits. The columns of tables are seven: two numbers, whether they
# are missing, and the kind in three.
CALIBRATIONS = {
    "regression": {"intervals": Intervals(np.array([4.0]), _ONE)},
    "targets": {"intervals": Intervals(np.array([4.0, 7.0]), _TWO)},
    "quantiles": {"intervals": Intervals(np.array(0.5), column=1)},
    "binary": {"probabilities": Probabilities(1.7, sets=SetRule(0.7))},
    "multiclass": {"probabilities": Probabilities(0.6, sets=SetRule(0.85, 0.05, 1))},
    "multilabel": {
        "probabilities": Probabilities(
            knots=np.tile(_CURVE, (3, 1)),
            values=np.array([_CURVE**0.5, 0.1 + 0.8 * _CURVE, _CURVE**2]),
            independent=True,
        )
    },
    "forecast": {"intervals": Intervals(np.array([1.0, 2.0, 3.0]))},
    "channels": {"intervals": Intervals(np.array([[1.0, 100.0], [2.0, 200.0], [3.0, 300.0]]))},
    "series": {"probabilities": Probabilities(2.0, sets=SetRule(0.5))},
    "text": {"probabilities": Probabilities(0.5, sets=SetRule(0.9))},
    "tags": {"probabilities": Probabilities(1.3)},
}


def calibrated(case, model, coverage=0.8):
    """The model of a case, with the calibration by hand."""
    found = Calibration(coverage, 50, weights_number(model), "by hand", **CALIBRATIONS[case])
    remember_calibration(model, found)
    return model
