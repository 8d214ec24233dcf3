"""`Golden`: rows, with the answers that an export must give to them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

__all__ = ["Golden"]


@dataclasses.dataclass(frozen=True)
class Golden:
    """Rows, with the answers that an export must give to them.

    Attributes:
        inputs: dict from feature name to array of shape `(n, *feature.shape)`; series of
            free length end in NaN.
        outputs: dict from output name to array of shape `(n, ...)`.
        tolerance: dict from numeric output to `{"relative": r, "absolute": a}`: an answer
            x to a golden value y is right when `|x - y| <= a + r * |y|`; a may be a list,
            one value per target or channel.
        example: int. The index of the row to show as an example; it has no NaN.
    """

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    tolerance: dict[str, dict[str, Any]]
    example: int
