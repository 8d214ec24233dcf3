"""From a trained model to a version folder that TensorFlow Serving loads as it is.

Nothing here imports TensorFlow before it is used.
"""

from kerakit.serving.export import export
from kerakit.serving.predict import (
    Served,
    curl_line,
    docker_line,
    load_served,
    predict_csv,
    request_example,
)
from kerakit.serving.verify import verify
from kerakit.serving.verify_report import Check, VerifyReport

__all__ = [
    "Check",
    "Served",
    "VerifyReport",
    "curl_line",
    "docker_line",
    "export",
    "load_served",
    "predict_csv",
    "request_example",
    "verify",
]
