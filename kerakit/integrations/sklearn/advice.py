"""Messages that advise the keywords of loaders, in the words of a user of an estimator."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from kerakit.errors import KerakitError

__all__ = ["advice_for_estimators"]

_EXCLUDE = r"exclude=(?:\([^)]*\))?(?: when you load the data)?"
_REPLACED = (
    (rf"[Ll]eave (?:it|them) out with {_EXCLUDE}", "drop {} from X"),
    (r"Or pass column_types=\{[^}]*\}\.", "Or give the column the type category before fit."),
    (r"add it to na_values=", "replace it with None"),
)


@contextlib.contextmanager
def advice_for_estimators() -> Iterator[None]:
    """Replace advice about keywords of loaders in errors that are raised inside the block.

    Example:

    >>> from kerakit.errors import DataError
    >>> with advice_for_estimators():
    ...     raise DataError("Rename one, or leave it out with exclude=('b',).")
    Traceback (most recent call last):
    ...
    kerakit.errors.DataError: Rename one, or drop it from X.
    """
    try:
        yield
    except KerakitError as error:
        message = str(error)
        for pattern, words in _REPLACED:
            message = re.sub(pattern, lambda match, words=words: _words(match[0], words), message)
        error.args = (message, *error.args[1:])
        raise


def _words(found, words):
    named = words.format("them" if " them " in found else "it")
    return named[0].upper() + named[1:] if found[0].isupper() else named
