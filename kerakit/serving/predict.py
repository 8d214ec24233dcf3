"""Asking an export: from Python, from the command line, from a file."""

from kerakit.serving.example_lines import curl_line, docker_line, request_example
from kerakit.serving.score import predict_csv
from kerakit.serving.served import Served, load_served

__all__ = ["Served", "curl_line", "docker_line", "load_served", "predict_csv", "request_example"]
