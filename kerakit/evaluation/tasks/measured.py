"""What measuring one task gives to the report, whatever the task is."""

import dataclasses
from collections.abc import Callable

__all__ = ["Measured"]


@dataclasses.dataclass(frozen=True)
class Measured:
    """A model and its baselines on the test split.

    Attributes:
        test: dict from metric name to float, or `None` where it is undefined.
        baseline: dict from baseline name to such a dict.
        rows: int. Test rows that were measured.
        draw: function without arguments that returns a dict from plot name to
            `matplotlib.figure.Figure`. Nothing is drawn before it is called.
        notes: list of str. What a reader should know about the numbers.
        fields: dict. Further attributes of `Report` that the task fills.
    """

    test: dict[str, float | None]
    baseline: dict[str, dict[str, float | None]]
    rows: int
    draw: Callable[[], dict]
    notes: list[str] = dataclasses.field(default_factory=list)
    fields: dict = dataclasses.field(default_factory=dict)
