"""The tags of entities of a source: what its scheme does not allow, and another scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerakit.checks import short_repr
from kerakit.data.tagged.schemes import (
    OUTSIDE,
    as_scheme,
    illegal_tokens,
    is_entity_tag,
    scheme_of,
    split_tag,
)
from kerakit.errors import DataError

__all__ = ["in_scheme"]

_TAGS = "O, or B, I, E or S with a type, such as B-PER"


def in_scheme(
    sources: Mapping[str, Any], tags: Mapping[str, list[list[str]]], scheme: str | None
) -> tuple[dict[str, list[list[str]]], list[str]]:
    """Return tags in a scheme, and sentences to warn of tags that their own scheme forbids.

    The scheme of the tags is that in which the fewest tags of the training sentences are illegal.

    Args:
        sources: dict from split to `Sentences`.
        tags: dict from split to the tags of each sentence.
        scheme: str or `None`. One of `SCHEMES`; `None` leaves the tags as they are.

    Raises:
        DataError: when `scheme` is given and a tag is not that of an entity.
    """
    found = scheme_of(tags["train"])
    if found is None or scheme is not None:
        other = _other(sources, tags)
        if other is not None and scheme is not None:
            raise DataError(
                f"{other[0]}: scheme={scheme!r} needs tags of entities: {_TAGS}. Found {other[1]}. "
                "Correct the tag, or map it with rename_labels=."
            )
    if found is None and scheme is None:
        # A set of tags that is that of entities, but for a few tags.
        present = {tag for row in tags["train"] for tag in row}
        typed = sum("-" in tag and is_entity_tag(tag) for tag in present)
        if other is None or OUTSIDE not in present or 2 * typed < len(present):
            return dict(tags), []
        return dict(tags), [
            f"{other[0]}: the tag {other[1]} is not that of an entity: {_TAGS}. So none of the "
            "tags are taken for those of entities. Correct it, or map it with rename_labels=."
        ]
    notes = []
    for split, source in sources.items():
        notes += _illegal(source, tags[split], found or scheme, scheme)
    if scheme is None:
        return dict(tags), notes
    return {split: [as_scheme(row, scheme) for row in tags[split]] for split in tags}, notes


def _other(sources, tags):
    """The location and the `repr` of the first tag that is not that of an entity, or `None`."""
    for split, source in sources.items():
        for row, line in enumerate(tags[split]):
            for index, tag in enumerate(line):
                if not is_entity_tag(tag):
                    return source.location(row, index), short_repr(tag)
    return None


def _illegal(source, tags, found, scheme):
    """A list of at most one warning about tags that may not stand where they do."""
    first, count = None, 0
    for row, line in enumerate(tags):
        for index in illegal_tokens(line, found):
            first = first or (row, index)
            count += 1
    if first is None:
        return []
    row, index = first
    line = tags[row]
    before = f"after {short_repr(line[index - 1])}" if index else "at the start"
    if found == "iobes" and split_tag(line[index])[0] in ("B", "I") and index + 1 == len(line):
        before = "at the end"
    meant = "read" if scheme is None else "read and converted"
    return [
        f"{source.location(row, index)}: the tag {short_repr(line[index])} {before} is not allowed "
        f"in {found.upper()}, the scheme of the training sentences ({count:,} such tags in "
        f"{source.name}). Each run of tags of one type is {meant} as an entity, as conlleval does. "
        "Correct the tags if they are wrong."
    ]
