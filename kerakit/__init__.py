"""kerakit: from your data to a model in TensorFlow Serving that answers what you measured.

>>> import kerakit as kk
>>> data = kk.load_builtin("diabetes")
>>> model = kk.mlp_regressor(data.spec, hidden=(64, 64))
>>> kk.compile(model, "regression")

Names are imported when first used: `import kerakit` itself costs next to nothing. Editors
read the same names, with their types, from `__init__.pyi`.
"""

from kerakit.lazy import attach, import_after
from kerakit.quiet import quiet_tensorflow_in_notebooks

__version__ = "0.1.0"

__getattr__, __dir__, _names = attach(
    __name__,
    {
        "kerakit.data": (
            "Data",
            "Feature",
            "Spec",
            "Target",
            "load_arrays",
            "load_builtin",
            "load_csv",
            "load_images",
            "load_sequences",
            "load_series",
            "load_table",
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
            "sequence_regressor",
            "sequence_forecaster",
            "sequence_tagger",
            "text_classifier",
        ),
        "kerakit.presets": (
            "PRESETS",
            "ConstantSchedule",
            "CosineSchedule",
            "OneCycleSchedule",
            "Preset",
            "StepSchedule",
            "compile",
        ),
        "kerakit.training": ("find_learning_rate", "fine_tune", "fit", "open_run"),
        "kerakit.evaluation": ("Report", "evaluate"),
        "kerakit.trust": ("Calibration", "calibrate"),
        "kerakit.serving": ("export", "load_served", "predict", "verify"),
        "kerakit.integrations.keras_tuner": ("TuneResult", "tune"),
        "kerakit.errors": (
            "ArgumentError",
            "DataError",
            "ExportError",
            "KerakitError",
            "RunError",
            "TrainingError",
        ),
    },
)

# `from kerakit import *` leaves Python's own `compile` alone; `kk.compile` is there all the same.
__all__ = [name for name in _names if name != "compile"]

# The classes that a saved model may name beside those of Keras.
import_after(
    "keras",
    "kerakit.builders.sequence.chains.crf",
    "kerakit.presets.losses",
    "kerakit.presets.metrics",
)
quiet_tensorflow_in_notebooks()
