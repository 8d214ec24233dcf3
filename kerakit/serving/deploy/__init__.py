"""Configurations and shell commands that start a server and ask it."""

from kerakit.serving.deploy.compose import compose_file
from kerakit.serving.deploy.example_lines import curl_line, docker_line, request_example
from kerakit.serving.deploy.models_config import serving_config

__all__ = ["compose_file", "curl_line", "docker_line", "request_example", "serving_config"]
