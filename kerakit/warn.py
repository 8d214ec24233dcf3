"""One way to warn: the warning names the user's line, however deep kerakit found the matter."""

from __future__ import annotations

import os
import sys
import warnings

from kerakit.status import wipe_status

__all__ = ["warn"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def warn(message: str) -> None:
    """Issue a `UserWarning` that points at the first caller outside kerakit.

    Args:
        message: str. What was found and what to do about it.

    Example:

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("3 rows are left out.")
    >>> str(caught[0].message)
    '3 rows are left out.'
    """
    # `skip_file_prefixes` of `warnings.warn` does the same, from Python 3.12 on.
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    wipe_status()
    warnings.warn(message, UserWarning, stacklevel=level)
