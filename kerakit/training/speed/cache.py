"""Earlier measurements of speed, in a small file of the user's, by model and machine."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerakit.files import fingerprint, read_json, write_json

__all__ = ["cpu_words", "key_of", "machine", "recall", "remember"]

MAX_ENTRIES = 200  # the oldest entries are dropped beyond so many


def key_of(**values: Any) -> str:
    """Return the key of a measurement: a hash of the JSON values that it depends on."""
    text = json.dumps(values, sort_keys=True, default=str)
    return fingerprint([text])[:24]


def recall(key: str) -> dict[str, Any] | None:
    """Return the dict remembered under `key`, or `None`; a broken file holds nothing."""
    entry = _entries().get(key)
    return entry if isinstance(entry, dict) else None


def remember(key: str, entry: dict[str, Any]) -> None:
    """Keep a dict of JSON values under `key`, unless the file cannot be written."""
    entries = _entries()
    entries.pop(key, None)
    entries = dict(list({**entries, key: entry}.items())[-MAX_ENTRIES:])
    try:
        write_json(_file(), entries, durable=False)
    except OSError:
        return


def machine() -> dict[str, Any]:
    """Return the hardware and versions that the speed of a step depends on, as JSON values."""
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = [keras.__version__, tf.__version__, np.__version__]
    return {
        "gpus": details,
        "cpu": sorted(cpu_words("model name")),
        "cores": cores,
        "versions": versions,
    }


def cpu_words(field: str) -> set[str]:
    """Return the words of a field of `/proc/cpuinfo`; an empty set where it is missing."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    found = next((line for line in lines if line.split(":")[0].strip() == field), ":")
    return set(found.partition(":")[2].split())


def _file():
    home = os.environ.get("XDG_CACHE_HOME", "")
    home = pathlib.Path(home) if os.path.isabs(home) else pathlib.Path("~/.cache").expanduser()
    return home / "kerakit" / "throughput.json"


def _entries():
    try:
        entries = read_json(_file())
    except (OSError, ValueError, RuntimeError):
        return {}
    return entries if isinstance(entries, dict) else {}
