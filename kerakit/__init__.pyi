"""The public names of `kerakit`, for editors and type checkers."""

from kerakit.builders import cnn_classifier as cnn_classifier
from kerakit.builders import linear_regressor as linear_regressor
from kerakit.builders import load_backbone as load_backbone
from kerakit.builders import logistic_classifier as logistic_classifier
from kerakit.builders import mlp_classifier as mlp_classifier
from kerakit.builders import mlp_regressor as mlp_regressor
from kerakit.builders import perceptron_classifier as perceptron_classifier
from kerakit.builders import polynomial_regressor as polynomial_regressor
from kerakit.builders import pretrained_classifier as pretrained_classifier
from kerakit.builders import sequence_classifier as sequence_classifier
from kerakit.builders import sequence_forecaster as sequence_forecaster
from kerakit.builders import sequence_regressor as sequence_regressor
from kerakit.builders import sequence_tagger as sequence_tagger
from kerakit.builders import text_classifier as text_classifier
from kerakit.data import Data as Data
from kerakit.data import Feature as Feature
from kerakit.data import Spec as Spec
from kerakit.data import Target as Target
from kerakit.data import load_arrays as load_arrays
from kerakit.data import load_builtin as load_builtin
from kerakit.data import load_csv as load_csv
from kerakit.data import load_images as load_images
from kerakit.data import load_sequences as load_sequences
from kerakit.data import load_series as load_series
from kerakit.data import load_table as load_table
from kerakit.data import load_tagged as load_tagged
from kerakit.data import load_text as load_text
from kerakit.data import load_tfds as load_tfds
from kerakit.errors import ArgumentError as ArgumentError
from kerakit.errors import DataError as DataError
from kerakit.errors import ExportError as ExportError
from kerakit.errors import KerakitError as KerakitError
from kerakit.errors import RunError as RunError
from kerakit.errors import TrainingError as TrainingError
from kerakit.evaluation import Report as Report
from kerakit.evaluation import evaluate as evaluate
from kerakit.integrations.keras_tuner import TuneResult as TuneResult
from kerakit.integrations.keras_tuner import tune as tune
from kerakit.presets import PRESETS as PRESETS
from kerakit.presets import ConstantSchedule as ConstantSchedule
from kerakit.presets import CosineSchedule as CosineSchedule
from kerakit.presets import OneCycleSchedule as OneCycleSchedule
from kerakit.presets import Preset as Preset
from kerakit.presets import StepSchedule as StepSchedule
from kerakit.presets import compile as compile
from kerakit.serving import export as export
from kerakit.serving import load_served as load_served
from kerakit.serving import predict as predict
from kerakit.serving import verify as verify
from kerakit.training import find_learning_rate as find_learning_rate
from kerakit.training import fine_tune as fine_tune
from kerakit.training import fit as fit
from kerakit.training import open_run as open_run
from kerakit.trust import Calibration as Calibration
from kerakit.trust import calibrate as calibrate

__version__: str
__all__ = [
    "ArgumentError",
    "Calibration",
    "ConstantSchedule",
    "CosineSchedule",
    "Data",
    "DataError",
    "ExportError",
    "Feature",
    "KerakitError",
    "OneCycleSchedule",
    "PRESETS",
    "Preset",
    "Report",
    "RunError",
    "Spec",
    "StepSchedule",
    "Target",
    "TrainingError",
    "TuneResult",
    "calibrate",
    "cnn_classifier",
    "evaluate",
    "export",
    "find_learning_rate",
    "fine_tune",
    "fit",
    "linear_regressor",
    "load_arrays",
    "load_backbone",
    "load_builtin",
    "load_csv",
    "load_images",
    "load_sequences",
    "load_series",
    "load_served",
    "load_table",
    "load_tagged",
    "load_text",
    "load_tfds",
    "logistic_classifier",
    "mlp_classifier",
    "mlp_regressor",
    "open_run",
    "perceptron_classifier",
    "polynomial_regressor",
    "predict",
    "pretrained_classifier",
    "sequence_classifier",
    "sequence_forecaster",
    "sequence_regressor",
    "sequence_tagger",
    "text_classifier",
    "tune",
    "verify",
]
