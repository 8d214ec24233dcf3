"""`Space`: what a search tries, what it leaves fixed, and how KerasTuner writes both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from kerakit.builders.search_space import Choice, Range
from kerakit.checks import short_repr, shortlist
from kerakit.data.names import near_match
from kerakit.errors import ArgumentError

__all__ = ["Space", "read_space"]

_FORMS = (
    "a list of values, (low, high) or (low, high, 'log') for a range, or one value that all "
    "trials have"
)


@dataclasses.dataclass(frozen=True)
class Space:
    """The arguments that a search tries.

    Attributes:
        entries: dict from name to `Range` or `Choice`.
        fixed: dict from name to the value that all trials have.
        defaults: dict from name to the value of the first trial. A name without one begins in
            the middle of its range, or with its first choice.
    """

    entries: dict[str, Range | Choice]
    fixed: dict[str, Any] = dataclasses.field(default_factory=dict)
    defaults: dict[str, Any] = dataclasses.field(default_factory=dict)

    def hyperparameters(self) -> Any:
        """Return the space as `keras_tuner.HyperParameters`."""
        import keras_tuner

        found = keras_tuner.HyperParameters()
        for name, entry in self.entries.items():
            first = self.defaults.get(name, entry.middle())
            first = first if entry.holds(first) else entry.middle()
            if isinstance(entry, Range):
                add = found.Int if entry.is_int else found.Float
                add(name, entry.low, entry.high, sampling=entry.scale, default=first)
            else:
                texts = _texts(entry)
                found.Choice(name, texts, default=texts[entry.values.index(first)])
        return found

    def decoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a trial from the values that KerasTuner wrote.

        Floats have four digits, so that a flag can repeat them. KerasTuner sends them to workers
        in 32 bits.
        """
        found = dict(self.fixed)
        for name, entry in self.entries.items():
            value = values[name]
            if isinstance(entry, Range):
                value = value if entry.is_int else float(f"{value:.4g}")
                found[name] = type(value)(min(max(value, entry.low), entry.high))
            else:
                found[name] = entry.values[_texts(entry).index(value)]
        return found

    def described(self) -> dict[str, str]:
        """Return the space as texts that can be compared."""
        fixed = {name: repr(value) for name, value in self.fixed.items()}
        return {name: repr(entry) for name, entry in self.entries.items()} | fixed


def read_space(
    owner: str,
    space: Mapping[str, Any] | Sequence[str] | None,
    declared: Mapping[str, Range | Choice],
    known: Mapping[str, Any],
) -> Space:
    """Return the `Space` that a user means.

    Args:
        owner: str. The function that the user called, for errors.
        space: `None` for all that is declared; a sequence of names for a part of it; or a dict,
            which replaces it.
        declared: dict from name to what the builder and the preset declare.
        known: dict from every name that may be tried to its default.

    Raises:
        ArgumentError: when a name is not known, or a value has no known form.
    """
    if space is None:
        return Space(dict(declared), {}, dict(known))
    if isinstance(space, Mapping):
        given = dict(space)
    elif isinstance(space, Sequence) and all(isinstance(name, str) for name in space):
        names = [space] if isinstance(space, str) else space
        given = {name: declared.get(name) for name in names}
    else:
        raise ArgumentError(
            f"The 'space' parameter of {owner} must be a dict from arguments to what is tried, "
            f"or a list of their names. Got {short_repr(space)} instead."
        )
    for name in given:
        if name not in known:
            raise ArgumentError(
                f"The 'space' parameter of {owner} has the unknown name {short_repr(name)}."
                f"{near_match(str(name), list(known))} Names: {shortlist(known, 40)}."
            )
    if not isinstance(space, Mapping):
        for name, entry in given.items():
            if entry is None:
                raise ArgumentError(
                    f"The 'space' parameter of {owner} names {name!r}, for which no values are "
                    f"declared. Give them in a dict: {{{name!r}: [...]}}. Declared: "
                    f"{shortlist(declared)}."
                )
    entries, fixed = {}, {}
    for name, value in given.items():
        entry = _entry(owner, name, value)
        if isinstance(entry, Range) or (isinstance(entry, Choice) and len(entry.values) > 1):
            entries[name] = entry
        else:
            fixed[name] = entry.values[0] if isinstance(entry, Choice) else entry
    if not entries:
        raise ArgumentError(
            f"The 'space' parameter of {owner} has nothing to try: {short_repr(space)}. Expected "
            f"a dict from names to {_FORMS}; one of them with two values or more."
        )
    return Space(entries, fixed, dict(known))


def _entry(owner, name, value):
    """A `Range`, a `Choice`, or the value that all trials have."""
    if isinstance(value, (Range, Choice)):
        return value
    try:
        if isinstance(value, list):
            return Choice(*value)
        if isinstance(value, tuple):
            return Range(*value)
    except (TypeError, ArgumentError) as error:
        reason = f" {error}" if isinstance(error, ArgumentError) else ""
        raise ArgumentError(
            f"The 'space' parameter of {owner} must have {_FORMS}. Got {short_repr(value)} for "
            f"{name!r}.{reason}"
        ) from None
    return value


def _texts(entry):
    """Choices as KerasTuner takes them: ints, which have an order, or different texts."""
    values = list(entry.values)
    if all(type(value) is int for value in values) or all(type(value) is str for value in values):
        return values
    return [f"{number}: {short_repr(value)}" for number, value in enumerate(values)]
