"""The check that Keras computes by TensorFlow, which kerakit needs."""

from __future__ import annotations

import json
import os
import pathlib
import sys

from kerakit.errors import ArgumentError

__all__ = ["check_backend"]


def check_backend() -> None:
    """Check that Keras computes by TensorFlow, before Keras is imported where it is not yet.

    Raises:
        ArgumentError: when `KERAS_BACKEND`, or Keras' own `keras.json`, names another backend.
    """
    keras, source = sys.modules.get("keras"), "KERAS_BACKEND"
    if keras is not None and hasattr(keras, "backend"):
        backend = keras.backend.backend()
    else:
        backend = os.environ.get("KERAS_BACKEND")
        if not backend:
            source = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras"), "keras.json")
            backend = _backend_in(source.expanduser())
    if backend not in (None, "tensorflow"):
        raise ArgumentError(
            "kerakit trains and exports by TensorFlow. Got Keras with the backend "
            f"{backend!r} ({source}). Set KERAS_BACKEND=tensorflow before Python starts."
        )


def _backend_in(path):
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        return None
