"""Functions that build `keras.Model`s: raw inputs in, answer out.

They are imported when first used, so that the names of backbones can be listed without Keras.
"""

import importlib

_HOMES = {
    "kerakit.builders.pretrained.backbones.load": ("load_backbone",),
    "kerakit.builders.images.cnn": ("cnn_classifier",),
    "kerakit.builders.tables.linear": (
        "linear_regressor",
        "logistic_classifier",
        "perceptron_classifier",
        "polynomial_regressor",
    ),
    "kerakit.builders.tables.mlp": ("mlp_classifier", "mlp_regressor"),
    "kerakit.builders.pretrained.classifier": ("pretrained_classifier",),
    "kerakit.builders.sequence.classifier": ("sequence_classifier",),
    "kerakit.builders.sequence.forecaster": ("sequence_forecaster",),
    "kerakit.builders.sequence.tagger": ("sequence_tagger",),
    "kerakit.builders.sequence.text": ("text_classifier",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'kerakit.builders' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
