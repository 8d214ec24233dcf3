"""What a search shows, by its `verbose`."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["shown"]


def shown(verbose: Any) -> tuple[bool, int]:
    """Return whether each trial prints a line, and the `verbose` of its training.

    Args:
        verbose: `"auto"`, 0, 1 or 2, as in `tune`.

    Example:

    >>> shown(0), shown(1), shown(2)
    ((False, 0), (True, 0), (True, 2))
    """
    if verbose == "auto":
        return True, int(sys.stdout.isatty())
    return verbose > 0, 2 if verbose == 2 else 0
