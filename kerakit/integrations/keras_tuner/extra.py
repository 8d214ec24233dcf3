"""The packages that a search needs, which are an extra of kerakit."""

from __future__ import annotations

from importlib.util import find_spec

from kerakit.errors import ArgumentError

__all__ = ["check_extra"]


def check_extra(owner: str) -> None:
    """Check that KerasTuner, and TensorBoard which it imports, are installed.

    Args:
        owner: str. What the user called, for the error.

    Raises:
        ArgumentError: when one of them is missing.
    """
    missing = [name for name in ("keras_tuner", "tensorboard") if find_spec(name) is None]
    if missing:
        names = " and ".join(name.replace("_", "-") for name in missing)
        raise ArgumentError(
            f"{owner} needs {names}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            "pip install 'kerakit[tune]' (from a clone: pip install -e '.[tune]')."
        )
