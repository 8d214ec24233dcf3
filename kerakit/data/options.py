"""What all loaders of tables let the user decide, checked in one place."""

import dataclasses
from collections.abc import Mapping

from kerakit.checks import check, check_choice, check_float, check_int

__all__ = ["TABLE_TASKS", "Options"]

TABLE_TASKS = ("regression", "binary", "multiclass", "multilabel")


@dataclasses.dataclass(frozen=True)
class Options:
    """The options that the loaders of tables share; `load_csv` says what each means.

    Attributes:
        owner: str. The loader, for messages.

    Raises:
        ArgumentError: when a value is not what it can be.
    """

    owner: str
    task: str | None = None
    test_size: float = 0.2
    validation_size: float = 0.2
    kinds: Mapping[str, str] | None = None
    missing: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None
    positive: str | None = None
    unit: str | None = None
    seed: int = 0

    def __post_init__(self):
        owner, settle = self.owner, self._settle
        if self.task is not None:
            check_choice(owner, "task", self.task, TABLE_TASKS)
        settle("test_size", check_float(owner, "test_size", self.test_size, "(0.0, 1.0)"))
        share = check_float(owner, "validation_size", self.validation_size, "[0.0, 1.0)")
        settle("validation_size", share)
        settle("seed", check_int(owner, "seed", self.seed, minimum=0))
        settle("kinds", _mapping(owner, "kinds", self.kinds))
        for kind in self.kinds.values():
            check_choice(owner, "kinds", kind, ("numeric", "categorical"))
        settle(
            "labels", {str(k): str(v) for k, v in _mapping(owner, "labels", self.labels).items()}
        )
        settle("exclude", names(owner, "exclude", self.exclude))
        if self.missing is not None:
            settle("missing", names(owner, "missing", self.missing))
        if self.positive is not None:
            settle("positive", str(self.positive))

    def _settle(self, name, value):
        object.__setattr__(self, name, value)


def names(owner, parameter, value):
    """Check a string or a sequence of strings; return a tuple of strings."""
    if isinstance(value, str):
        return (value,)
    ok = isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(item, str) for item in value
    )
    check(ok, owner, parameter, "a str or a sequence of str", value)
    return tuple(value)


def _mapping(owner, parameter, value):
    check(value is None or isinstance(value, Mapping), owner, parameter, "a dict", value)
    return dict(value or {})
