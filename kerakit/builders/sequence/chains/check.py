"""Checks that the tags of a tagger are as its scheme has them."""

from __future__ import annotations

import numpy as np

from kerakit.checks import check_choice, shortlist
from kerakit.data.data import Data
from kerakit.data.tagged.schemes import OUTSIDE, illegal_tokens, is_allowed, is_entity_tag
from kerakit.errors import ArgumentError

__all__ = ["check_scheme"]

_ALONE = ("iob2", "iobes")


def check_scheme(owner: str, scheme: object, classes: tuple[str, ...], data: object) -> None:
    """Check the argument `scheme` of a tagger.

    Args:
        owner: str. The builder, for errors.
        scheme: what the user passed.
        classes: tuple of str. The tags.
        data: `Data`, whose training and validation sentences are read, or anything else.

    Raises:
        ArgumentError: when there is no such scheme, tags do not belong to it, or a sentence has a
            sequence of tags that it forbids.
    """
    check_choice(owner, "scheme", scheme, _ALONE)
    # Behind an O, what begins an entity may stand; behind a B and an I, what goes on with it.
    other = [tag for tag in classes if not _belongs(tag, scheme)]
    if other or OUTSIDE not in classes:
        prefixes = "B, I, E and S" if scheme == "iobes" else "B and I"
        found = f"the tags {shortlist(other)}" if other else f"no tag {OUTSIDE!r}"
        raise ArgumentError(
            f"The 'scheme' parameter of {owner} is {scheme!r}, whose tags are O, and {prefixes} "
            f"with a type, such as B-PER. The data have {found}. Load tags of entities with "
            f"kk.load_tagged(..., scheme={scheme!r}), or leave scheme= out for other tags."
        )
    if not isinstance(data, Data):
        return
    for split in ("train", "validation"):
        table = data.table(split)
        for row, ids in enumerate(() if table is None else table.target):
            tags = [classes[index] for index in np.asarray(ids)[np.asarray(ids) >= 0]]
            token = next(illegal_tokens(tags, scheme), None)
            if token is not None:
                before = f"after {tags[token - 1]!r}" if token else "at the start"
                raise ArgumentError(
                    f"The 'scheme' parameter of {owner} is {scheme!r}, which forbids the tag "
                    f"{tags[token]!r} {before} (sentence {row} of the {split} split, token "
                    f"{token}, counted from 0). Load the data with kk.load_tagged(..., "
                    f"scheme={scheme!r}), which converts the tags."
                )


def _belongs(tag, scheme):
    if not is_entity_tag(tag):
        return False
    kind = tag[1:]
    return any(is_allowed(before, tag, scheme) for before in (OUTSIDE, f"B{kind}"))
