"""Class weights."""

import numpy as np


def test_balanced_weights_are_those_of_scikit_learn(iris, breast_cancer):
    from sklearn.utils.class_weight import compute_class_weight

    from kerakit.training.rows.class_weights import class_weights

    target = breast_cancer.table("train").target
    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=target)
    np.testing.assert_allclose(class_weights(breast_cancer.spec, "balanced"), expected)
