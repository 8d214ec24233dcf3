"""What a result was measured with: versions and machine."""

import importlib.metadata
import os
import platform
import sys

__all__ = ["environment"]

# A package may be installed under another distribution's name.
_DISTRIBUTIONS = {
    "kerakit": ("kerakit",),
    "keras": ("keras", "keras-nightly"),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tf-nightly", "tensorflow-macos"),
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
}


def environment():
    """Return the versions and the machine that a result depends on.

    Nothing is imported: versions come from the installed packages' metadata, so the
    call costs milliseconds and works from the command line's help too.

    Returns:
        dict of JSON values: `"python"`, `"kerakit"`, `"keras"`, `"tensorflow"`, `"numpy"`,
        `"scikit-learn"` (str, or `None` where a package is not installed), `"backend"`
        (str, the Keras backend in use, or `None` before Keras was imported), `"platform"`
        (str) and `"cpu_count"` (int, the cores this process may use).

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
    """Cores this process may use: in a container fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
