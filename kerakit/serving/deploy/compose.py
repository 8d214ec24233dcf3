"""A `compose.yaml` that serves all models of a folder with a stock TensorFlow Serving."""

from __future__ import annotations

import csv
import io
import os
import pathlib
import shlex
import urllib.parse

from kerakit.checks import check, short_repr
from kerakit.errors import ArgumentError
from kerakit.files import read_json
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.deploy.models_config import find_models, models_config, quoted

__all__ = ["IMAGE", "compose_file"]

IMAGE = "tensorflow/serving:2.20.0"
TARGET = "/models"

_IMAGE_REASON = """\
    # The release whose sources this file was written from. With a tag that moves, a restart
    # could change the server.
"""
_MONITORING = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
_BATCHING = """\
# The most rows of one batch, and of one request: a request with more is refused (400). The
# number is the largest request to expect, not the fastest size.
max_batch_size { value: 1024 }
# How long a request waits for others, in microseconds: 1 ms, as the batching guide of
# TensorFlow Serving suggests.
batch_timeout_micros { value: 1000 }
# Batches that wait before requests are refused (503). The default is 10; no second server
# could take the refused ones, so a burst waits instead.
max_enqueued_batches { value: 100 }
# num_batch_threads is left out: the default is one per processor of the server.
"""
# `read` gives the bytes that came before the end of the answer, or before the time is up.
_HEALTH = """\
for path in {paths}; do
  exec 3<>/dev/tcp/127.0.0.1/8501 || exit 1
  printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' "$path" >&3
  IFS= read -r -d '' -t 3 -u 3 answer
  exec 3>&-
  [[ $answer =~ '"state":'[[:space:]]*'"AVAILABLE"' ]] || {{ echo "$path: $answer"; exit 1; }}
done
"""
_TEMPLATE = """\
# TensorFlow Serving for the models of
#   {directory}
# Start it, and wait until all of them answer (Docker Compose 2.23.1 or newer):
#   kerakit serving-config {here} --docker{again} > compose.yaml
#   docker compose up -d --wait
#
# The server has no passwords and no encryption (no auth, no TLS). Its ports are therefore
# open to this machine only; before others may ask it, put a proxy that has both in front.
#
# {loaded}
# hand the running server a new configuration, which it reads within a minute (and write this
# file anew for its next start):
#   {config} > models.config
#   docker compose cp models.config tensorflow-serving:/models.config
#
# One container without Compose, its models.config in a folder of its own:
#   mkdir -p serving
#   {config} > serving/models.config
#   {docker_run}
services:
  tensorflow-serving:
{image_reason}    image: {image}
    # The image's start script passes no signals on; with this it stops at once.
    init: true
    restart: unless-stopped
    ports:
      - "127.0.0.1:8500:8500"  # gRPC
      - "127.0.0.1:8501:8501"  # REST, and the metrics
    volumes:
      - type: bind
        source: {source}
        target: {target}
        read_only: true
        bind:
          create_host_path: false
    configs:
      - source: models
        target: /models.config
      - source: monitoring
        target: /monitoring.config
{batching_config}    command:
      - --model_config_file=/models.config
      - --model_config_file_poll_wait_seconds=60
      - --monitoring_config_file=/monitoring.config
{batching_flags}      # Loading has threads of its own: without them a version that fails,
      # which is tried again for minutes, keeps all other models from loading.
      - --num_load_threads=2
{label_flag}    # The image has bash and no curl. Healthy is a server with all models AVAILABLE.
    healthcheck:
      test:
        - CMD
        - bash
        - -c
        - |
{health}
      interval: 10s
      timeout: 10s
      retries: 3
      # The REST port opens when all models have a version.
      start_period: 120s
configs:
  models:
    content: |
{models}
  monitoring:
    content: |
{monitoring}
{batching}"""
_BATCHING_FLAGS = """\
      - --enable_batching=true
      - --batching_parameters_file=/batching.config
"""
_BATCHING_CONFIG = """\
      - source: batching
        target: /batching.config
"""
_LABEL_FLAG = """\
      # Labels are read before the versions that they are on are loaded.
      - --allow_version_labels_for_unavailable_models=true
"""
_LOADED = "A new version of a model is loaded by itself. When a model is added or removed,"
_LOADED_BY_LABEL = "Only labelled versions are loaded. After an export, or for another change,"


def compose_file(
    directory: str | os.PathLike[str],
    *,
    labels: bool = False,
    base_path: str | None = None,
    image: str = IMAGE,
) -> str:
    """Return a Docker Compose file that serves all models in a folder.

    The file holds the server's configuration (models, Prometheus metrics, batching), a
    health check, and in comments the `docker run` command for use without Compose. Requests
    are batched where all models are exports of kerakit with rows of one shape.

    Args:
        directory: path of a folder with one folder per model, such as `"saved_models"`.
        labels: bool. As for `serving_config`. Defaults to `False`.
        base_path: str. Where the container sees `directory`. Defaults to `None`: `/models`.
        image: str. The image of the server. Defaults to `IMAGE`, a fixed release.

    Returns:
        str, the text of a `compose.yaml`.

    Raises:
        ArgumentError: as `serving_config`; when no folder can be mounted at `base_path`;
            and when a model is a link out of `directory`.
    """
    directory, models, notes = find_models("compose_file", directory)
    target = _check_target(TARGET if base_path is None else base_path)
    named = isinstance(image, str) and image.isprintable() and image and not set(image) & set(" $")
    check(named, "compose_file", "image", "the name of an image", image)
    _check_links(directory, models, labels)
    source = os.fspath(directory)
    here, flags = shlex.quote(source), " --labels" if labels else ""
    see = f" --base-path {shlex.quote(target)}"
    own_image = f" --image {shlex.quote(image)}" if image != IMAGE else ""
    obstacle = _batching_obstacle(models, labels)
    paths = " ".join(f"/v1/models/{urllib.parse.quote(m.name, safe='')}" for m in models)
    return _TEMPLATE.format(
        directory=source,
        here=here,
        again=flags + (see if target != TARGET else "") + own_image,
        loaded=_LOADED_BY_LABEL if labels else _LOADED,
        config=f"kerakit serving-config {here}{see}{flags}",
        docker_run=_docker_run(source, target, labels, image),
        image_reason="" if own_image else _IMAGE_REASON,
        image=quoted(image),
        source=quoted(_escaped(source)),
        target=quoted(_escaped(target)),
        batching_config="" if obstacle else _BATCHING_CONFIG,
        batching_flags=f"      # No batching: {obstacle}.\n" if obstacle else _BATCHING_FLAGS,
        label_flag=_LABEL_FLAG if labels else "",
        health=_block(_HEALTH.format(paths=paths), 10),
        models=_block(models_config(models, notes, labels, target), 6),
        monitoring=_block(_MONITORING, 6),
        batching="" if obstacle else f"  batching:\n    content: |\n{_block(_BATCHING, 6)}\n",
    )


def _docker_run(source, target, labels, image):
    # `--mount` takes fields of CSV, and `-v` would cut at colons.
    mount = io.StringIO()
    fields = ["type=bind", f"source={source}", f"target={target}", "readonly"]
    csv.writer(mount, lineterminator="").writerow(fields)
    line = (
        "docker run -d --name tensorflow-serving --init --restart unless-stopped "
        "-p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 "
        f"--mount {shlex.quote(mount.getvalue())} "
        f'-v "$PWD/serving:/serving:ro" {shlex.quote(image)} '
        "--model_config_file=/serving/models.config "
        "--model_config_file_poll_wait_seconds=60 --num_load_threads=2"
    )
    return line + (" --allow_version_labels_for_unavailable_models=true" if labels else "")


def _batching_obstacle(models, labels):
    """Why requests cannot be put into one batch, `""` where they can.

    Rows of unequal shape make a batch fail. The server would pad them with their own first
    value, which is data.
    """
    for model in models:
        for number in model.served(labels):
            try:
                signatures = read_json(model.versions[number] / MANIFEST)["signatures"].values()
                shapes = [v["shape"] for s in signatures for v in s["inputs"].values()]
                free = any(size is None for shape in shapes for size in shape[1:])
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                return f"{model.name!r} is not an export of kerakit"
            if free:
                return f"the rows of {model.name!r} can have unequal lengths"
    return ""


def _check_target(base_path):
    parts = pathlib.PurePosixPath(base_path).parts if isinstance(base_path, str) else ()
    if len(parts) < 2 or not base_path.startswith("/") or ".." in parts:
        raise ArgumentError(
            "The 'base_path' parameter of compose_file (--base-path with --docker) must be an "
            f"absolute path in the container, such as /models. Got {short_repr(base_path)} instead."
        )
    return base_path.rstrip("/")


def _check_links(directory, models, labels):
    """Check that every version to serve lies inside the folder that is mounted."""
    root = directory.resolve()
    for model in models:
        for number in model.served(labels):
            real = model.versions[number].resolve()
            if not real.is_relative_to(root):
                raise ArgumentError(
                    f"compose_file cannot serve {model.versions[number]}: it is a link to {real}, "
                    f"and the container sees {directory} only. Move the model there."
                )


def _escaped(text):
    """Text that Compose leaves as it is; Compose puts variables into all values."""
    return text.replace("$", "$$")


def _block(text, indent):
    return "\n".join(" " * indent + line for line in _escaped(text).rstrip("\n").split("\n"))
