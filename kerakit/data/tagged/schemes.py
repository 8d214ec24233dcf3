"""Tags of entities: the schemes IOB1, IOB2 and IOBES, read, checked and converted.

An entity is a run of tokens. Its tags are a prefix and a type, such as `B-PER`; `O` is outside.

- IOB1 (the files of CoNLL-2003): `I` in an entity; `B` only at the start of one that follows an
  entity of the same type without a gap (Ramshaw & Marcus 1995, arXiv:cmp-lg/9505040).
- IOB2: `B` at the start of every entity, `I` in the rest (Tjong Kim Sang & Veenstra 1999,
  arXiv:cs/9907006).
- IOBES: IOB2, with `E` at the end of an entity and `S` for an entity of one token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

__all__ = [
    "OUTSIDE",
    "SCHEMES",
    "as_scheme",
    "entities",
    "illegal_tokens",
    "is_allowed",
    "is_entity_tag",
    "are_entity_tags",
    "scheme_of",
    "split_tag",
    "strict_entities",
]

SCHEMES = ("iob1", "iob2", "iobes")
OUTSIDE = "O"
_PREFIXES = {"iob1": "BI", "iob2": "BI", "iobes": "BIES"}
_TAG = re.compile(r"O|[BIES](-.+)?", re.DOTALL)


def split_tag(tag: str) -> tuple[str, str]:
    """Return the prefix and the type of a tag.

    Example:

    >>> split_tag("B-PER"), split_tag("I"), split_tag("O")
    (('B', 'PER'), ('I', ''), ('O', ''))
    """
    prefix, _, kind = tag.partition("-")
    return prefix, kind


def is_entity_tag(tag: str) -> bool:
    """Return whether a tag is `O`, or one of the prefixes B, I, E and S with a type or without."""
    return _TAG.fullmatch(tag) is not None


def are_entity_tags(tags: Collection[str]) -> bool:
    """Return whether a set of tags is that of entities, and not of parts of speech.

    Example:

    >>> are_entity_tags({"O", "B-PER", "I-PER"}), are_entity_tags({"NOUN", "O"})
    (True, False)
    """
    return OUTSIDE in tags and len(set(tags)) > 1 and all(map(is_entity_tag, tags))


def entities(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Return the entities of a sentence in any scheme, read as `conlleval` reads them.

    An entity begins at `B` and `S`, and at any other tag that does not go on with the type before
    it. So each run of tags is an entity, also where the scheme does not allow it.

    Args:
        tags: sequence of str.

    Returns:
        list of `(type, start, end)`, the indices of the first token and of the one after the last.

    Reference:
        The script conlleval of CoNLL-2000, and seqeval.

    Example:

    >>> entities(["I-PER", "I-PER", "O", "B-LOC", "B-LOC"])
    [('PER', 0, 2), ('LOC', 3, 4), ('LOC', 4, 5)]
    """
    found, start, before = [], None, (OUTSIDE, "")
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, kind = split_tag(tag)
        begins = prefix in "BS" or before[0] in "OES" or kind != before[1]
        if start is not None and (prefix == OUTSIDE or begins):
            found.append((before[1], start, index))
            start = None
        if prefix != OUTSIDE and begins:
            start = index
        before = prefix, kind
    return found


def strict_entities(tags: Sequence[str], scheme: str) -> list[tuple[str, int, int]]:
    """Return the entities of a sentence that are as the scheme writes them; others do not count.

    Args:
        tags: sequence of str.
        scheme: str. One of `SCHEMES`.

    Example:

    >>> strict_entities(["I-PER", "O", "B-LOC", "I-LOC"], "iob2")
    [('LOC', 2, 4)]
    """
    found = []
    for kind, start, end in entities(tags):
        before = tags[start - 1] if start else OUTSIDE
        written = _written(kind, end - start, scheme, before)
        if list(tags[start:end]) == written:
            found.append((kind, start, end))
    return found


def is_allowed(before: str | None, tag: str | None, scheme: str) -> bool:
    """Return whether a tag may follow another one.

    Args:
        before, tag: str. `None` is the start of a sentence before its first tag, and its end
            after the last one.
        scheme: str. One of `SCHEMES`.

    Example:

    >>> is_allowed("O", "I-PER", "iob2"), is_allowed("B-PER", None, "iobes")
    (False, False)
    """
    (last, type_before), (prefix, kind) = (split_tag(t or OUTSIDE) for t in (before, tag))
    goes_on = last in ("B", "I") and kind == type_before
    if prefix != OUTSIDE and prefix not in _PREFIXES[scheme]:
        return False
    if scheme == "iob1":
        return prefix != "B" or goes_on
    if scheme == "iob2":
        return prefix != "I" or goes_on
    # After B and I an entity is not over, and only there can I and E stand.
    return goes_on if prefix in ("I", "E") else last not in ("B", "I")


def illegal_tokens(tags: Sequence[str], scheme: str) -> Iterator[int]:
    """Yield the index of each token whose tag may not follow the one before it.

    In IOBES an entity that does not end is reported at its last token.

    Args:
        tags: sequence of str.
        scheme: str. One of `SCHEMES`.

    Example:

    >>> list(illegal_tokens(["O", "I-PER", "I-PER", "I-LOC"], "iob2"))
    [1, 3]
    """
    for index, (before, tag) in enumerate(zip([None, *tags], [*tags, None], strict=True)):
        if not is_allowed(before, tag, scheme):
            yield min(index, len(tags) - 1)


def scheme_of(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the scheme in which the fewest tags of some sentences are illegal.

    Args:
        sentences: iterable of sequences of str.

    Returns:
        One of `SCHEMES`; `None` where the tags are not those of entities.

    Example:

    >>> scheme_of([["O", "I-PER"]]), scheme_of([["B-PER", "I-PER"], ["O"]])
    ('iob1', 'iob2')
    """
    different = {tuple(tags) for tags in sentences}
    present = {tag for tags in different for tag in tags}
    if not are_entity_tags(present):
        return None
    if any(split_tag(tag)[0] in ("E", "S") for tag in present):
        return "iobes"
    counts = {
        scheme: sum(len(list(illegal_tokens(tags, scheme))) for tags in different)
        for scheme in ("iob2", "iob1")
    }
    return min(counts, key=counts.get)


def as_scheme(tags: Sequence[str], scheme: str) -> list[str]:
    """Write the entities of a sentence in a scheme.

    Args:
        tags: sequence of str, in any scheme.
        scheme: str. One of `SCHEMES`.

    Example:

    >>> as_scheme(["I-PER", "I-PER", "O", "I-LOC", "B-LOC"], "iobes")
    ['B-PER', 'E-PER', 'O', 'S-LOC', 'S-LOC']
    """
    found = [OUTSIDE] * len(tags)
    for kind, start, end in entities(tags):
        before = found[start - 1] if start else OUTSIDE
        found[start:end] = _written(kind, end - start, scheme, before)
    return found


def _written(kind, length, scheme, before):
    """The tags of an entity; `before` is the tag in front of it."""
    if scheme == "iob1":
        touches = before != OUTSIDE and split_tag(before)[1] == kind
        prefixes = "B" * touches + "I" * (length - touches)
    elif scheme == "iob2":
        prefixes = "B" + "I" * (length - 1)
    else:
        prefixes = "S" if length == 1 else "B" + "I" * (length - 2) + "E"
    return [f"{prefix}-{kind}" if kind else prefix for prefix in prefixes]
