"""The options that the loaders have in common, checked in one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from kerakit.checks import check, check_choice, check_float, check_int
from kerakit.data.columns.date_spelling import format_problem
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.files.plain_text import is_encoding
from kerakit.data.tasks import tasks_with

__all__ = ["Options", "check_text", "names"]


@dataclasses.dataclass(frozen=True)
class Options:
    """The options that the loaders have in common; the docstring of `load_csv` explains them.

    Attributes:
        owner: str. The loader, for messages.

    Raises:
        ArgumentError: when an option has a value that it cannot have.
    """

    owner: str
    task: str | None = None
    test_size: float = 0.2
    validation_size: float = 0.2
    column_types: Mapping[str, str] | None = None
    na_values: str | Sequence[str] | None = None
    decimal: str = "."
    thousands: str | None = None
    exclude: str | Sequence[str] = ()
    rename_labels: Mapping[str, str] | None = None
    pos_label: str | None = None
    unit: str | None = None
    drop_missing_target: bool | None = None  # `None` for a loader that has no such parameter
    seed: int = 0

    def __post_init__(self) -> None:
        owner, settle = self.owner, self._settle
        if self.task is not None:
            check_choice(owner, "task", self.task, tasks_with(tabular=True))
        settle("test_size", check_float(owner, "test_size", self.test_size, "(0.0, 1.0)"))
        fraction = check_float(owner, "validation_size", self.validation_size, "[0.0, 1.0)")
        settle("validation_size", fraction)
        settle("seed", check_int(owner, "seed", self.seed, minimum=0))
        settle("column_types", _mapping(owner, "column_types", self.column_types))
        for kind in self.column_types.values():
            _check_kind(owner, kind)
        labels = _mapping(owner, "rename_labels", self.rename_labels)
        settle("rename_labels", {str(label): str(other) for label, other in labels.items()})
        drop = self.drop_missing_target
        check(drop in (None, True, False), owner, "drop_missing_target", "a bool", drop)
        NumberFormat.checked(owner, self.decimal, self.thousands)
        settle("exclude", names(owner, "exclude", self.exclude))
        if self.na_values is not None:
            settle("na_values", names(owner, "na_values", self.na_values))
        if self.pos_label is not None:
            settle("pos_label", str(self.pos_label))

    @property
    def number_format(self) -> NumberFormat:
        """The `NumberFormat` of numbers in text files."""
        return NumberFormat(self.decimal, self.thousands)

    def _settle(self, name, value):
        object.__setattr__(self, name, value)


def names(owner: str, parameter: str, value: Any) -> tuple[str, ...]:
    """Check that `value` is a string or several strings; return a tuple of strings."""
    if isinstance(value, str):
        return (value,)
    ok = isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(item, str) for item in value
    )
    check(ok, owner, parameter, "a str or a sequence of str", value)
    return tuple(value)


def check_text(
    owner: str, separator: Any, quote: Any, encoding: Any, auto_quote: bool = False
) -> None:
    """Check the parameters that say how a file of delimited text is written.

    Args:
        owner: str. The loader, for errors.
        separator, quote, encoding: the values to check.
        auto_quote: bool. Whether `quote` may be `"auto"`. Defaults to `False`.

    Raises:
        ArgumentError: when one of them has a value that it cannot have.
    """
    is_auto = auto_quote and isinstance(quote, str) and quote == "auto"
    of_quote = "a str of one character, None or 'auto'" if auto_quote else None
    for parameter, value, expected in (
        ("separator", separator, None),
        ("quote", None if is_auto else quote, of_quote),
    ):
        ok = value is None or (isinstance(value, str) and len(value) == 1)
        check(ok, owner, parameter, expected or "a str of one character, or None", value)
    check(is_encoding(encoding), owner, "encoding", "the name of an encoding", encoding)


def _check_kind(owner, kind):
    """Refuse a kind of column that is none; `date:` is followed by a format of `strptime`."""
    if not isinstance(kind, str) or not kind.startswith("date:"):
        check_choice(owner, "column_types", kind, ("numeric", "categorical", "date"))
        return
    problem = format_problem(kind.removeprefix("date:"))
    expected = "'date:day first', 'date:month first', or 'date:' and a format such as %d/%m/%Y"
    if problem:
        expected += f" ({problem})"
    check(not problem, owner, "column_types", expected, kind)


def _mapping(owner, parameter, value):
    check(value is None or isinstance(value, Mapping), owner, parameter, "a dict", value)
    return dict(value or {})
