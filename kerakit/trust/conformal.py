"""Split conformal prediction: the bound that new scores stay under with a given probability."""

from __future__ import annotations

import math

import numpy as np

from kerakit.errors import DataError

__all__ = ["check_row_count", "conformal_quantile", "rows_needed"]


def rows_needed(coverage: float) -> int:
    """Return how many rows a bound needs at least: n with (n + 1) * coverage <= n.

    Example:

    >>> rows_needed(0.9), rows_needed(0.99)
    (9, 99)
    """
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def check_row_count(rows: int, coverage: float, what: str, owner: str) -> None:
    """Check that there are as many rows as a bound needs.

    Args:
        rows: int.
        coverage: float in (0, 1).
        what: str. What the rows are, in the plural.
        owner: str. The function that the user called, for the error.

    Raises:
        DataError: when there are fewer.
    """
    needed = rows_needed(coverage)
    if rows < needed:
        raise DataError(
            f"{owner}: coverage={coverage:g} needs at least {needed:,} {what} that the model was "
            f"not fitted to. Got {rows:,}. Load the data with a larger validation_size=, or pass "
            "a smaller coverage=."
        )


def conformal_quantile(scores: np.ndarray, coverage: float) -> np.ndarray:
    """Return the bound that the score of a new row is not above, with a probability of `coverage`.

    It is the smallest score that at least (n + 1) * coverage of them are not above. The promise
    holds for any distribution, as long as old and new rows could have come in any order.

    Args:
        scores: float array of shape `(n, ...)`, with `n >= rows_needed(coverage)`.
        coverage: float in (0, 1).

    Returns:
        Array of shape `(...)`.

    Reference:
        Vovk, Gammerman & Shafer: Algorithmic Learning in a Random World, 2005; Lei et al.:
        Distribution-Free Predictive Inference for Regression, JASA 2018 (arXiv:1604.04173).

    Example:

    >>> float(conformal_quantile(np.arange(1.0, 20.0), 0.9))  # the 18th of 19 scores
    18.0
    """
    place = math.ceil((len(scores) + 1) * coverage - 1e-9)
    return np.partition(scores, place - 1, axis=0)[place - 1]
