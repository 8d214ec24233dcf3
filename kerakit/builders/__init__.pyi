"""The public names of `kerakit.builders`, for editors and type checkers."""

from kerakit.builders.images.cnn import cnn_classifier as cnn_classifier
from kerakit.builders.pretrained.backbones.load import load_backbone as load_backbone
from kerakit.builders.pretrained.classifier import pretrained_classifier as pretrained_classifier
from kerakit.builders.sequence.classifier import sequence_classifier as sequence_classifier
from kerakit.builders.sequence.forecaster import sequence_forecaster as sequence_forecaster
from kerakit.builders.sequence.regressor import sequence_regressor as sequence_regressor
from kerakit.builders.sequence.tagger import sequence_tagger as sequence_tagger
from kerakit.builders.sequence.text import text_classifier as text_classifier
from kerakit.builders.tables.linear import linear_regressor as linear_regressor
from kerakit.builders.tables.linear import logistic_classifier as logistic_classifier
from kerakit.builders.tables.linear import perceptron_classifier as perceptron_classifier
from kerakit.builders.tables.linear import polynomial_regressor as polynomial_regressor
from kerakit.builders.tables.mlp import mlp_classifier as mlp_classifier
from kerakit.builders.tables.mlp import mlp_regressor as mlp_regressor

__all__ = [
    "cnn_classifier",
    "linear_regressor",
    "load_backbone",
    "logistic_classifier",
    "mlp_classifier",
    "mlp_regressor",
    "perceptron_classifier",
    "polynomial_regressor",
    "pretrained_classifier",
    "sequence_classifier",
    "sequence_forecaster",
    "sequence_regressor",
    "sequence_tagger",
    "text_classifier",
]
