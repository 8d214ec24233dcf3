"""From a trained model to a version folder that TensorFlow Serving loads as it is.

`predict` answers as a server would. `export` writes a version, `verify` proves it, `load_served`
and `predict_csv` ask it from Python; `deploy` has what a server is started with, `live` asks a
running one. Nothing here imports TensorFlow before it is used.
"""

from kerakit.serving.deploy import (
    compose_file,
    curl_line,
    docker_line,
    request_example,
    serving_config,
)
from kerakit.serving.exporting.export import export
from kerakit.serving.predict import predict
from kerakit.serving.scoring import predict_csv
from kerakit.serving.served import Served, load_served
from kerakit.serving.verifying.report import Check, VerifyReport
from kerakit.serving.verifying.verify import verify

__all__ = [
    "Check",
    "Served",
    "VerifyReport",
    "compose_file",
    "curl_line",
    "docker_line",
    "export",
    "load_served",
    "predict",
    "predict_csv",
    "request_example",
    "serving_config",
    "verify",
]
