"""kerakit: from your data to a model in TensorFlow Serving that answers what you measured.

>>> import kerakit as kk
>>> data = kk.load_builtin("diabetes")
>>> model = kk.mlp_regressor(data.spec, hidden=(64, 64))
>>> kk.compile(model, "regression")

Names are imported when first used: `import kerakit` itself costs next to nothing.
"""

import importlib

_HOMES = {
    "kerakit.data": (
        "Data",
        "Feature",
        "Spec",
        "Target",
        "load_arrays",
        "load_builtin",
        "load_csv",
        "load_images",
        "load_series",
        "load_tagged",
        "load_text",
        "load_tfds",
    ),
    "kerakit.builders": (
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
        "sequence_tagger",
        "text_classifier",
    ),
    "kerakit.presets": (
        "PRESETS",
        "ConstantSchedule",
        "CosineSchedule",
        "OneCycleSchedule",
        "StepSchedule",
        "compile",
    ),
    "kerakit.training": ("fine_tune", "fit", "open_run"),
    "kerakit.evaluation": ("evaluate",),
    "kerakit.serving": ("export", "load_served", "verify"),
    "kerakit.errors": (
        "ArgumentError",
        "DataError",
        "ExportError",
        "KerakitError",
        "RunError",
        "TrainingError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted(_HOME_OF)


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'kerakit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted([*globals(), *__all__])
