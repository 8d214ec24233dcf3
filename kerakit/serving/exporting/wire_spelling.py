"""Categories in requests: the graph takes another spelling of a category for the category."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kerakit.data.columns.spelling import spellings_of

if TYPE_CHECKING:
    import tensorflow as tf

    from kerakit.data.spec import Feature, Spec

__all__ = ["respelling"]

# What the table answers where there is no alias. It is no category of a text.
_NO_ALIAS = "\0"


def respelling(
    spec: Spec,
) -> tuple[Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]], list[Any]]:
    """Return a function that spells the categories of a request as the vocabularies do.

    A client that sends `3.0` or ` 3` means the category `3`. White space around a category goes,
    and a lookup table holds the aliases of the categories (`Spellings.aliases`). Features go
    through one table together, since for one row each operation costs more than the work in it.

    Args:
        spec: `Spec`.

    Returns:
        `(function, tables)`: a function from a dict of tensors to a dict of tensors, and the
        lookup tables that it uses, which a SavedModel must track.
    """
    import tensorflow as tf

    groups = []
    for group in _groups(spec.features):
        table, pairs = None, group.aliases
        if pairs:
            pairs = tf.lookup.KeyValueTensorInitializer(list(pairs), list(pairs.values()))
            table = tf.lookup.StaticHashTable(pairs, default_value=_NO_ALIAS)
        groups.append((group.names, table))

    def usual(texts, table):
        texts = tf.strings.strip(texts)
        if table is None:
            return texts
        found = table.lookup(texts)
        return tf.where(tf.equal(found, _NO_ALIAS), texts, found)

    def respell(features):
        features = dict(features)
        for names, table in groups:
            if len(names) == 1:
                features[names[0]] = usual(features[names[0]], table)
            else:
                texts = usual(tf.stack([features[name] for name in names], axis=1), table)
                features |= dict(zip(names, tf.unstack(texts, axis=1), strict=True))
        return features

    return respell, [table for _, table in groups if table is not None]


class _Group:
    """Features that can have one table of aliases.

    An alias of one feature must be no category, and no alias of another category, of another
    feature; nor may it make an unknown text of that feature a known one.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.aliases: dict[str, str] = {}
        self._known: set[str] = set()
        self._written: dict[str, set[str]] = {}  # the aliases of a category

    def add(self, feature: Feature) -> bool:
        """Add a feature if it goes with the others; return whether it was added."""
        known, aliases = set(feature.vocabulary), spellings_of(feature).aliases
        new = {text: category for text, category in aliases.items() if text not in self.aliases}
        if not self._known.isdisjoint({*new, *new.values()}) or not known.isdisjoint(self.aliases):
            return False
        if any(self.aliases.get(text, category) != category for text, category in aliases.items()):
            return False
        if any(not aliases.keys() >= self._written.get(category, set()) for category in known):
            return False
        self.names.append(feature.name)
        self.aliases |= new
        self._known |= known
        for text, category in new.items():
            self._written.setdefault(category, set()).add(text)
        return True


def _groups(features):
    """The features with one text a row that can be spelled another way, as `_Group`s."""
    groups: list[_Group] = []
    for feature in features:
        # Where a category itself has white space around it, the text must stay as it is.
        spaces = any(category != category.strip() for category in feature.vocabulary)
        if feature.kind != "categorical" or feature.shape != () or spaces:
            continue
        if not any(group.add(feature) for group in groups):
            groups.append(_Group())
            groups[-1].add(feature)
    return groups
