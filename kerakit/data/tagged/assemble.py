"""Tagged sentences -> `Data`: what CoNLL files, lists and the built-in set share."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Callable

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.labels import check_renamed
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.options import Options
from kerakit.data.spec import Spec, Target
from kerakit.data.split import split_rows
from kerakit.data.tagged.conll import Sentence
from kerakit.data.tagged.entity_tags import in_scheme
from kerakit.data.text.vocabulary import describe_tokens
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["Sentences", "tag_data"]

# TensorFlow splits strings at these characters, and not at a no-break space.
_WHITE = re.compile(r"[ \t\n\v\f\r]")
_NO_BREAK = "\u00a0"

# Up to this fraction of the tokens of a small test set may have tags unknown to training.
_MAX_UNKNOWN_FRACTION = 0.01
# Few tag sets have more tags; above this, a warning asks whether this is the column of the tags.
_MANY_TAGS = 500


@dataclasses.dataclass(frozen=True)
class Sentences:
    """The sentences of one file, or of a pair of lists.

    Attributes:
        name: str. The file's path, or the name of the data, for errors.
        sentences: list of `Sentence`.
        location: function from the indices of a sentence and a token to its location.
    """

    name: str
    sentences: list[Sentence]
    location: Callable[[int, int], str]


def tag_data(
    sources: dict[str, Sentences],
    options: Options,
    *,
    dataset: str,
    scheme: str | None = None,
) -> tuple[Data, list[str]]:
    """Split, encode and describe tagged sentences.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has
            them, to `Sentences`. The splits that are not there are drawn from the training
            sentences.
        options: `Options`.
        dataset: str. Name of the data in reports.
        scheme: str or `None`. The scheme into which tags of entities are converted.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn of.

    Raises:
        DataError: when there are fewer than two tags or two sentences, many test tokens have
            tags that no training token has, or a tag cannot be converted into `scheme`.
    """
    sources = {split: sources[split] for split in SPLITS if sources.get(split) is not None}
    texts, notes = {}, []
    for split, source in sources.items():
        texts[split], spaces = _joined(source)
        if spaces:
            notes.append(
                f"{source.name}: white space within {spaces:,} tokens was replaced by a no-break "
                "space (U+00A0), since spaces separate tokens. Requests must do the same."
            )
    present = {t for s in sources.values() for sentence in s.sentences for t in sentence.tags}
    check_renamed(options.rename_labels, present, sources["train"].name)
    tags = {split: _renamed(source, options.rename_labels) for split, source in sources.items()}
    tags, found = in_scheme(sources, tags, scheme)
    notes += found
    train = sources["train"]
    known = {tag for row in tags["train"] for tag in row}
    if len(known) < 2:
        raise DataError(
            f"{train.name}: all tokens have the tag {short_repr(min(known))}. Expected at least "
            "two tags. Check the tags, their column and rename_labels=."
        )
    if len(known) > _MANY_TAGS:
        notes.append(
            f"{train.name}: there are {len(known):,} different tags, such as "
            f"{short_repr(min(known))}. If this is not the column of the tags, pass tag= with it."
        )
    classes = known.copy()
    for split in [split for split in sources if split != "train"]:
        unknown, note = _unknown(sources[split], tags[split], known, train.name)
        classes |= unknown
        notes += note
    notes += _leaked(texts, sources)
    classes = tuple(sorted(classes))
    class_of = {tag: index for index, tag in enumerate(classes)}
    ids = {split: [np.array([class_of[t] for t in row]) for row in tags[split]] for split in tags}

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
        fingerprint=_fingerprint(texts, tags),
        dataset=dataset,
        na_values=(),
    )
    return Data(tables["train"], tables.get("validation"), tables["test"], spec), notes


def _joined(source):
    """The sentences as strings, and the number of tokens in which white space was replaced."""
    texts, spaces = [], 0
    for row, sentence in enumerate(source.sentences):
        for index, token in enumerate(sentence.tokens):
            if "\0" in token:
                raise DataError(
                    f"{source.location(row, index)}: the token {short_repr(token)} has a NUL "
                    "character. Remove it."
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
    row, index = next(
        (row, index)
        for row, line in enumerate(tags)
        for index, tag in enumerate(line)
        if tag in unknown
    )
    tag = short_repr(tags[row][index])
    finding = (
        f"{source.location(row, index)}: the tag {tag} does not occur in {train}; such tags are on "
        f"{sum(unknown.values()):,} of {counts.total():,} tokens of {source.name}."
    )
    if sum(unknown.values()) > _MAX_UNKNOWN_FRACTION * counts.total():
        raise DataError(
            f"{finding} Pass files with the same set of tags, or map a tag with "
            f"rename_labels={{{tag}: {short_repr(min(known))}}}."
        )
    return set(unknown), [
        f"{finding} The model cannot learn such a tag; each token that has it counts as wrong."
    ]


def _leaked(texts, sources):
    """Warnings about test and validation sentences that are training sentences, too."""
    known, notes = set(texts["train"]), []
    for split in texts:
        same = sum(text in known for text in texts[split])
        if split != "train" and same:
            notes.append(
                f"{sources[split].name}: {same:,} of {len(texts[split]):,} {split} sentences are "
                "also training sentences, token for token. Their metrics say little about new "
                "sentences."
            )
    return notes


def _split(texts, ids, classes, sources, options):
    """Draw the splits that the user did not give; return their rows in the training sentences."""
    name = sources["train"].name
    # Not `np.unique`, which would give every sentence the memory of the longest one.
    number = {text: index for index, text in enumerate(sorted(set(texts)))}
    repeats = np.array([number[text] for text in texts])
    has = np.zeros((len(texts), classes), bool)
    for row, tags in enumerate(ids):
        has[row, tags] = True

    def keep_tags(split, rest, drawn):
        kept, moved = _keep_tags(rest, drawn, has, repeats)
        if not len(moved):
            different = len(np.unique(repeats[np.concatenate([rest, drawn])]))
            raise DataError(
                f"{name}: {different} different sentences are too few to draw {split} sentences "
                "and keep every tag in training. Use more sentences, or pass validation_size=0."
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


def _keep_tags(rest, drawn, has, repeats):
    """Move drawn sentences back whose tags the rest would lack, with their repeats."""
    for tag in np.flatnonzero(has[drawn].any(axis=0) & ~has[rest].any(axis=0)):
        if has[rest, tag].any():
            continue
        first = drawn[np.argmax(has[drawn, tag])]
        back = repeats[drawn] == repeats[first]
        rest, drawn = np.sort(np.concatenate([rest, drawn[back]])), drawn[~back]
    return rest, drawn


def _table(texts, ids):
    """`Table` of sentences; -1 comes after the last tag of each."""
    target = np.full((len(ids), max(map(len, ids))), -1, np.int32)
    for row, tags in enumerate(ids):
        target[row, : len(tags)] = tags
    return Table({"tokens": np.array(texts, object)}, target)


def _fingerprint(texts, tags):
    """SHA-256 over the sentences and tags of all splits."""
    return fingerprint(
        f"{split}\0{text}\0{' '.join(row)}\0"
        for split in texts
        for text, row in zip(texts[split], tags[split], strict=True)
    )
