"""The check of an argument that must be a `Data`."""

from __future__ import annotations

from kerakit.checks import short_repr
from kerakit.data.data import Data
from kerakit.errors import ArgumentError

__all__ = ["check_data"]


def check_data(owner: str, data: object, expected: str = "a Data") -> None:
    """Check that the `data` parameter of a function is a `Data`.

    Args:
        owner: str. The function that the user called.
        data: what was received.
        expected: str. What is expected, for the error. Defaults to `"a Data"`.

    Raises:
        ArgumentError: when it is something else, such as a DataFrame. The message says how to
            make a `Data` of it.
    """
    if not isinstance(data, Data):
        simple = isinstance(data, (str, int, float, type(None)))
        got = short_repr(data) if simple else f"a {type(data).__name__}"
        raise ArgumentError(
            f"The 'data' parameter of {owner} must be {expected}. Got {got} instead. "
            "kk.load_arrays(df, 'TARGET') makes a Data of a data frame, kk.load_arrays(x, y) of "
            "arrays; other kk.load_* functions read files and folders."
        )
