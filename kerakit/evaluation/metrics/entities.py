"""Precision, recall and F1 of entities: runs of tokens, each right as a whole or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from kerakit.checks import check, check_choice
from kerakit.data.tagged.schemes import SCHEMES, entities, strict_entities

__all__ = ["entity_metrics", "entity_metrics_by_type"]

Mode = Literal["lenient", "strict"]


def entity_metrics(
    y: Iterable[Sequence[str]],
    predicted: Iterable[Sequence[str]],
    *,
    mode: Mode = "lenient",
    scheme: str | None = None,
) -> dict[str, float]:
    """Return the precision, recall and F1 of the entities of all sentences (micro averages).

    An entity is right if its type, its first and its last token are.

    Args:
        y, predicted: sequences of sentences, each a sequence of tags such as `"B-PER"`.
        mode: `"lenient"`: any run of tags of one type is an entity, as in the script conlleval of
            CoNLL-2000 and as seqeval counts. `"strict"`: a run counts only if its tags are as the
            scheme writes them, as in seqeval's `mode="strict"`. Defaults to `"lenient"`.
        scheme: `"iob1"`, `"iob2"` or `"iobes"`, for `mode="strict"`. Defaults to `None`.

    Returns:
        dict with `precision`, `recall` and `f1`, floats in `[0, 1]`, 0 where there is no entity;
        and `support`, the number of true entities.

    Raises:
        ArgumentError: when `mode` or `scheme` is unknown, or `scheme` is missing.

    Example:

    >>> y = [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
    >>> predicted = [["B-PER", "I-PER", "O"], ["B-LOC", "I-LOC"]]
    >>> entity_metrics(y, predicted)
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5, 'support': 2}
    """
    return _scores(*map(sum, zip(*_counted(y, predicted, mode, scheme).values(), strict=True)))


def entity_metrics_by_type(
    y: Iterable[Sequence[str]],
    predicted: Iterable[Sequence[str]],
    *,
    mode: Mode = "lenient",
    scheme: str | None = None,
) -> dict[str, dict[str, float]]:
    """Return the metrics of `entity_metrics` for each type of entity, the types sorted.

    Args:
        y, predicted, mode, scheme: as for `entity_metrics`.

    Example:

    >>> entity_metrics_by_type([["B-PER", "O"]], [["B-PER", "B-LOC"]])["PER"]
    {'precision': 1.0, 'recall': 1.0, 'f1': 1.0, 'support': 1}
    """
    counted = _counted(y, predicted, mode, scheme)
    kinds = sorted(kind for kind in counted if kind is not None)
    return {kind: _scores(*counted[kind]) for kind in kinds}


def _counted(y, predicted, mode, scheme):
    """dict from type to the number of right, predicted and true entities."""
    owner = "entity_metrics"
    check_choice(owner, "mode", mode, ("lenient", "strict"))
    if mode == "strict":
        check_choice(owner, "scheme", scheme, SCHEMES)
    right, found, true = Counter(), Counter(), Counter()
    for mine, theirs in zip(y, predicted, strict=True):
        expected = f"of as many tags as the sentence, {len(mine)}"
        check(len(mine) == len(theirs), owner, "predicted", expected, len(theirs))
        read = [
            set(entities(tags) if mode == "lenient" else strict_entities(tags, scheme))
            for tags in (mine, theirs)
        ]
        true.update(kind for kind, *_ in read[0])
        found.update(kind for kind, *_ in read[1])
        right.update(kind for kind, *_ in read[0] & read[1])
    kinds = {None, *true, *found}
    return {kind: (right[kind], found[kind], true[kind]) for kind in kinds}


def _scores(right, found, true):
    return {
        "precision": right / found if found else 0.0,
        "recall": right / true if true else 0.0,
        "f1": 2 * right / (found + true) if found + true else 0.0,
        "support": true,
    }
