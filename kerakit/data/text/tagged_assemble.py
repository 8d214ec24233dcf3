"""From tagged sentences as they were read to `Data`."""

import collections
import dataclasses
import re
from collections.abc import Callable

import numpy as np

from kerakit.data.columns.labels import check_renamed
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows
from kerakit.data.text.conll import Sentence
from kerakit.data.text.vocabulary import describe_tokens
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["Sentences", "tag_data"]

# What the split of TensorFlow takes for white space; a no-break space is none to it.
_WHITE = re.compile(r"[ \t\n\v\f\r]")
_NO_BREAK = "\u00a0"

# A share of tokens whose tags are unknown to training that a small set may well have.
_UNKNOWN = 0.01
# The largest tag sets in use have some thousands; above this, the column is worth a look.
_MANY_TAGS = 500


@dataclasses.dataclass(frozen=True)
class Sentences:
    """The sentences of one file, or of a pair of lists.

    Attributes:
        name: str. What the user calls it.
        sentences: list of `Sentence`.
        place: function from the indices of a sentence and a token to its place.
    """

    name: str
    sentences: list[Sentence]
    place: Callable[[int, int], str]


def tag_data(sources, options, *, dataset):
    """Split, encode and describe sentences.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Sentences`.
        options: `Options`.
        dataset: str. What the user calls the data.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn with.

    Raises:
        DataError: when there are fewer than two tags or two sentences, or many test tokens
            have tags that training has not.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    texts, notes = {}, []
    for split, source in sources.items():
        texts[split], spaces = _joined(source)
        if spaces:
            notes.append(
                f"{source.name}: white space within {spaces:,} tokens has become a no-break space "
                "(U+00A0), since spaces stand between tokens. Requests must do the same."
            )
    present = {t for s in sources.values() for sentence in s.sentences for t in sentence.tags}
    check_renamed(options.rename_labels, present, sources["train"].name)
    tags = {split: _renamed(source, options.rename_labels) for split, source in sources.items()}
    train = sources["train"]
    known = {tag for row in tags["train"] for tag in row}
    if len(known) < 2:
        raise DataError(
            f"{train.name}: all tokens have the tag {min(known)!r}. Expected at least two tags; "
            "check the file and the column that tag= names."
        )
    if len(known) > _MANY_TAGS:
        notes.append(
            f"{train.name}: there are {len(known):,} different tags, such as {min(known)!r}. If "
            "this is not the column of the tags, name it with tag=."
        )
    classes = known.copy()
    for split in [split for split in sources if split != "train"]:
        unknown, note = _unknown(sources[split], tags[split], known, train.name)
        classes |= unknown
        notes += note
    notes += _known_already(texts, sources)
    classes = tuple(sorted(classes))
    number = {tag: place for place, tag in enumerate(classes)}
    ids = {split: [np.array([number[t] for t in row]) for row in tags[split]] for split in tags}

    rows = _split(texts["train"], ids["train"], len(classes), sources, options)
    tables = {split: _table(texts[split], ids[split]) for split in sources if split != "train"}
    for split, chosen in rows.items():
        tables[split] = _table(
            [texts["train"][row] for row in chosen], [ids["train"][row] for row in chosen]
        )
    target = tables["train"].target
    spec = Spec(
        task="tagging",
        features=(describe_tokens("tokens", tables["train"].features["tokens"]),),
        target=Target(("tag",)),
        classes=classes,
        class_counts=tuple(np.bincount(target[target >= 0], minlength=len(classes)).tolist()),
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=fingerprint(_content(texts, tags)),
        dataset=dataset,
        na_values=(),
    )
    return Data(tables["train"], tables.get("validation"), tables["test"], spec), notes


def _joined(source):
    """The sentences as strings, and in how many tokens white space was replaced."""
    texts, spaces = [], 0
    for row, sentence in enumerate(source.sentences):
        for word, token in enumerate(sentence.tokens):
            if "\0" in token:
                raise DataError(
                    f"{source.place(row, word)}: the token {token!r} holds a NUL character."
                )
        tokens = [_WHITE.sub(_NO_BREAK, token) for token in sentence.tokens]
        spaces += sum(new != old for new, old in zip(tokens, sentence.tokens, strict=True))
        texts.append(" ".join(tokens))
    return texts, spaces


def _renamed(source, labels):
    return [[labels.get(tag, tag) for tag in sentence.tags] for sentence in source.sentences]


def _unknown(source, tags, known, train):
    """The tags that no training sentence has, and a list of at most one warning."""
    counts = collections.Counter(tag for row in tags for tag in row)
    unknown = {tag: count for tag, count in counts.items() if tag not in known}
    if not unknown:
        return set(), []
    places = ((row, word) for row, line in enumerate(tags) for word, _ in enumerate(line))
    row, word = next((row, word) for row, word in places if tags[row][word] in unknown)
    said = (
        f"{source.place(row, word)}: the tag {tags[row][word]!r} does not occur in {train}; such "
        f"tags are on {sum(unknown.values()):,} of {counts.total():,} tokens of {source.name}."
    )
    if sum(unknown.values()) > _UNKNOWN * counts.total():
        raise DataError(
            f"{said} Pass files of one set of tags, or map a tag with "
            f"rename_labels={{{tags[row][word]!r}: {min(known)!r}}}."
        )
    return set(unknown), [f"{said} It is a class that cannot be learned and counts as wrong."]


def _known_already(texts, sources):
    """Warnings about test and validation sentences that are training sentences too."""
    known, notes = set(texts["train"]), []
    for split in texts:
        same = sum(text in known for text in texts[split])
        if split != "train" and same:
            notes.append(
                f"{sources[split].name}: {same:,} of {len(texts[split]):,} {split} sentences are "
                "training sentences too, token for token. What is measured on them says little "
                "about new ones."
            )
    return notes


def _split(texts, ids, classes, sources, options):
    """Split off what the user did not give; return the rows of each part."""
    name = sources["train"].name
    repeats = np.unique(texts, return_inverse=True)[1]
    has = np.zeros((len(texts), classes), bool)
    for row, tags in enumerate(ids):
        has[row, tags] = True

    def keep_tags(split, rest, drawn):
        kept, moved = _keep_tags(rest, drawn, has, repeats)
        if not len(moved):
            different = len(np.unique(repeats[np.concatenate([rest, drawn])]))
            raise DataError(
                f"{name}: {different} different sentences are too few to split {split} sentences "
                "off and keep every tag in training. Use more sentences, or pass validation_size=0."
            )
        return kept, moved

    rows = split_rows(
        {split: np.arange(len(source.sentences)) for split, source in sources.items()},
        options,
        name=name,
        units=repeats,
        adjust=keep_tags,
    )
    return {split: rows[split] for split in rows if split == "train" or split not in sources}


def _keep_tags(rest, part, has, repeats):
    """Move sentences back whose tags would be gone from the rest, with their repeats."""
    for tag in np.flatnonzero(has[part].any(axis=0) & ~has[rest].any(axis=0)):
        if has[rest, tag].any():
            continue
        first = part[np.argmax(has[part, tag])]
        back = repeats[part] == repeats[first]
        rest, part = np.sort(np.concatenate([rest, part[back]])), part[~back]
    return rest, part


def _table(texts, ids):
    """`Table` of sentences; tags end in -1."""
    target = np.full((len(ids), max(map(len, ids))), -1, np.int32)
    for row, tags in enumerate(ids):
        target[row, : len(tags)] = tags
    return Table({"tokens": np.array(texts, object)}, target)


def _content(texts, tags):
    """Sentences and tags of all splits, for a fingerprint."""
    for split in texts:
        for text, row in zip(texts[split], tags[split], strict=True):
            yield f"{split}\0{text}\0{' '.join(row)}\0"
