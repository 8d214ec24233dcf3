"""Functions that build `keras.Model`s: raw inputs in, answer out.

They are imported when first used, so that the names of backbones can be listed without Keras.
"""

from kerakit.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "kerakit.builders.images.cnn": ("cnn_classifier",),
        "kerakit.builders.pretrained.backbones.load": ("load_backbone",),
        "kerakit.builders.pretrained.classifier": ("pretrained_classifier",),
        "kerakit.builders.sequence.classifier": ("sequence_classifier",),
        "kerakit.builders.sequence.regressor": ("sequence_regressor",),
        "kerakit.builders.sequence.forecaster": ("sequence_forecaster",),
        "kerakit.builders.sequence.tagger": ("sequence_tagger",),
        "kerakit.builders.sequence.text": ("text_classifier",),
        "kerakit.builders.tables.linear": (
            "linear_regressor",
            "logistic_classifier",
            "perceptron_classifier",
            "polynomial_regressor",
        ),
        "kerakit.builders.tables.mlp": ("mlp_classifier", "mlp_regressor"),
    },
)
