"""Versions of packages, and the machine, that a result was measured with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from typing import Any

__all__ = ["environment"]

# A package can be installed from a distribution of another name.
_DISTRIBUTIONS = {
    "kerakit": ("kerakit",),
    "keras": ("keras", "keras-nightly"),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly", "tensorflow-macos"),
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
}


def environment() -> dict[str, Any]:
    """Return the versions of packages, and the machine, that a result depends on.

    No package is imported: versions come from the metadata of installed packages, so the
    call takes milliseconds.

    Returns:
        dict of JSON values: `"python"`, `"kerakit"`, `"keras"`, `"tensorflow"`, `"numpy"`,
        `"scikit-learn"` (str, or `None` where a package is not installed), `"backend"`
        (str, the Keras backend, or `None` if Keras is not imported), `"platform"` (str) and
        `"cpu_count"` (int, the cores that this process may use).

    Example:

    >>> environment()["python"].count(".")
    2
    """
    keras = sys.modules.get("keras")
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in _DISTRIBUTIONS},
        "backend": keras.backend.backend() if hasattr(keras, "backend") else None,
        "platform": platform.platform(),
        "cpu_count": _cpu_count(),
    }


def _version(package):
    for name in _DISTRIBUTIONS[package]:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return getattr(sys.modules.get(package), "__version__", None)


def _cpu_count():
    """Cores that this process may use: in a container they can be fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
