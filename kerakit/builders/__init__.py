"""Functions that build `keras.Model`s: raw inputs in, answer out."""

from kerakit.builders.image import cnn_classifier
from kerakit.builders.linear import (
    linear_regressor,
    logistic_classifier,
    perceptron_classifier,
    polynomial_regressor,
)
from kerakit.builders.mlp import mlp_classifier, mlp_regressor

__all__ = [
    "cnn_classifier",
    "linear_regressor",
    "logistic_classifier",
    "mlp_classifier",
    "mlp_regressor",
    "perceptron_classifier",
    "polynomial_regressor",
]
