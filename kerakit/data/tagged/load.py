"""Sentences with a tag for each token: CoNLL files, and lists."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.checks import check, check_choice, naming, short_repr
from kerakit.data.columns.frames import is_frame
from kerakit.data.files.plain_text import decode, read_bytes
from kerakit.data.options import Options, check_text, names
from kerakit.data.tagged.assemble import Sentences, tag_data
from kerakit.data.tagged.conll import Sentence, read_conll
from kerakit.data.tagged.schemes import SCHEMES
from kerakit.data.tagged.sentence_table import is_sentence_table, read_sentence_table
from kerakit.errors import DataError
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_tagged"]

_WHITE = " \t\n\v\f\r"


@telling("Reading {}")
def load_tagged(
    source: Any,
    *,
    token: int | str | None = None,
    tag: int | str | None = None,
    columns: Sequence[str] | None = None,
    id: str | None = None,
    scheme: Literal["iob1", "iob2", "iobes"] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    test: Any = None,
    validation: Any = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    rename_labels: Mapping[str, str] | None = None,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load sentences with a tag for each token, such as its part of speech, to train a tagger.

    A file has a line for each token and a blank line after each sentence. Its columns are
    separated by tabs, or by spaces where the first line has no tab. Comments begin with `# `;
    `-DOCSTART-` lines are skipped. A file is CoNLL-U where its suffix is `.conllu` or where it
    has the ten columns of CoNLL-U; its words are read, without multiword tokens (`1-2`) and
    empty nodes.

    A table has a row for each token, and a column that tells sentences apart: a file of CSV, JSON
    lines or Parquet, or a DataFrame. An empty cell in that column means the sentence of the row
    above, as in Kaggle's `Sentence #,Word,POS,Tag`.

    Tags of entities, such as `B-PER`, are those of one of the schemes IOB1 (the files of
    CoNLL-2003), IOB2 and IOBES. `scheme` converts them. A tag that its scheme does not allow, such
    as `I-PER` after `O` in IOB2, is warned of, with its line.

    A sentence becomes one string, with single spaces between its tokens. White space within a
    token, which CoNLL-U permits, becomes a no-break space, with a warning. Sentences are split
    at random. Repeats of a sentence go into the same split, and every tag keeps at least one
    training sentence.

    A tag that only `test=` or `validation=` has is a class without training tokens, with a
    warning; it counts as wrong. If more than 1 % of the tokens have such tags there is an
    error, since the files probably do not belong together.

    Args:
        source: str or path of a file (also gzipped, `.gz`), a DataFrame of pandas or polars or a
            `pyarrow.Table`, or a pair `(sentences, tags)` of lists of lists of str. A file is a
            table where its suffix is that of CSV, JSON lines or Parquet, or where `id` is given.
        token, tag: int or str. The columns of the tokens and of their tags, in files. An int
            counts columns from 0, or from the end as -1. A str is a name in `columns` or in the
            comment `# global.columns = ...`; in CoNLL-U `"form"` or `"lemma"`, and `"upos"`,
            `"xpos"` or `"deprel"`. Default to `None`: the first and the last column; in CoNLL-U
            `"form"` and `"upos"`; in tables the columns with usual names, such as `Word` and
            `Tag`.
        columns: sequence of str. Names of a file's columns. Defaults to `None`.
        id: str. The column of a table that tells sentences apart. Defaults to `None`: the one
            with a usual name, such as `Sentence #` or `sentence_id`.
        scheme: `"iob1"`, `"iob2"` or `"iobes"`. The scheme into which tags of entities are
            converted, whatever theirs is. Defaults to `None`: they stay as they are.
        separator: str of one character between the fields of CSV. Defaults to `None`: it is
            detected.
        quote: str of one character around fields of CSV that hold separators, or `None`. Defaults
            to `'"'`.
        encoding: str. Encoding of files. Defaults to `"utf-8"`.
        test, validation: the same kind of source as `source`. Default to `None`: a fraction of
            `source` is split off.
        test_size: float in `(0.0, 1.0)`. Fraction of the sentences to test on. Defaults to
            `0.2`.
        validation_size: float in `[0.0, 1.0)`. Fraction of the other sentences to validate on;
            0 for none. Defaults to `0.2`.
        rename_labels: dict from tag to tag, applied to each tag that is a key. Defaults to
            `None`.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. Name of the data in reports. Defaults to `None`: the file's name, or
            `"sentences"`.

    Returns:
        `Data` of the task `"tagging"` with one feature `tokens`: strings of shape `()`. The target
        is an int32 array of shape `(n, tokens of the longest sentence of the split)`, -1 after
        the last token of a sentence. `spec.classes` are the tags, sorted; `spec.class_counts`
        counts the training tokens of each.

    Raises:
        DataError: when a file, line, token or tag cannot be used; the message has the file and
            the line, or the sentence and the token, counted from 0.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    >>> animals = ["dogs", "cats", "mice", "geese", "bees"]
    >>> sentences = [[animal, "run"] for animal in animals]
    >>> sentences += [["see", "the", animal] for animal in animals]
    >>> tags = [["NOUN", "VERB"]] * 5 + [["VERB", "DET", "NOUN"]] * 5
    >>> data = load_tagged((sentences, tags), validation_size=0, seed=1)
    >>> data.spec.task, data.spec.sizes, data.spec.classes
    ('tagging', {'train': 8, 'validation': 0, 'test': 2}, ('DET', 'NOUN', 'VERB'))
    >>> data.table("train").target[:2]
    array([[ 1,  2, -1],
           [ 1,  2, -1]], dtype=int32)
    """
    owner = "load_tagged"
    options = Options(
        owner=owner,
        test_size=test_size,
        validation_size=validation_size,
        na_values=(),
        rename_labels=rename_labels,
        seed=seed,
    )
    for parameter, value in (("token", token), ("tag", tag)):
        is_index = isinstance(value, int) and not isinstance(value, bool)
        ok = value is None or isinstance(value, str) or is_index
        check(ok, owner, parameter, "an int, a str or None", value)
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str, or None", dataset)
    check(id is None or isinstance(id, str), owner, "id", "a str, or None", id)
    if scheme is not None:
        check_choice(owner, "scheme", scheme, SCHEMES)
    check_text(owner, separator, quote, encoding)
    columns = None if columns is None else names(owner, "columns", columns)
    is_path = isinstance(source, (str, os.PathLike))
    if dataset is None:
        dataset = pathlib.Path(source).resolve().name if is_path else "sentences"
    given = {"train": source, "validation": validation, "test": test}
    layout = {"token": token, "tag": tag, "columns": columns, "id": id}
    text = {"separator": separator, "quote": quote, "encoding": encoding}
    with naming(owner):
        sources = {
            split: _read(given[split], split, dataset, layout, text)
            for split in given
            if split == "train" or given[split] is not None
        }
        data, notes = tag_data(sources, options, dataset=dataset, scheme=scheme)
    for note in notes:
        warn(note)
    return data


def _read(source, split, dataset, layout, text):
    """`Sentences` of a file, a table or a pair."""
    name = dataset if split == "train" else f"{dataset} ({split})"
    columns, id = layout["columns"], layout["id"]
    if is_sentence_table(source, id is not None):
        options = {"columns": columns, **text}
        chosen = {key: layout[key] for key in ("id", "token", "tag")}
        found, location = read_sentence_table(source, name, text=options, **chosen)
        name = name if is_frame(source) else str(pathlib.Path(source).expanduser())
        return Sentences(name, found, location)
    if isinstance(source, (str, os.PathLike)):
        path = pathlib.Path(source).expanduser()
        content = read_bytes(path, "a file with a token and its tag on each line")
        content = decode(content, str(path), text["encoding"])
        found = read_conll(
            content, str(path), token=layout["token"], tag=layout["tag"], columns=columns
        )

        def location(row, index):
            return f"{path}, line {found[row].lines[index]}"

        return Sentences(str(path), found, location)
    given = [key for key, value in layout.items() if value is not None]
    if given:
        raise DataError(f"{name} is in memory, for which {given[0]}= has no meaning. Leave it out.")
    check(
        isinstance(source, (list, tuple)) and len(source) == 2 and all(map(_is_sequence, source)),
        "load_tagged",
        "source" if split == "train" else split,
        "a path, a DataFrame, or a pair (sentences, tags) of lists",
        source,
    )

    def location(row, index):
        return f"{name}, sentence {row}, token {index} (counted from 0)"

    return Sentences(name, _pair(*source, name, location), location)


def _pair(sentences, tags, name, location):
    """The sentences of a list of lists of tokens and a list of lists of tags."""
    if len(sentences) != len(tags):
        raise DataError(
            f"{name}: expected one list of tags for each sentence: got {len(sentences):,} "
            f"sentences and {len(tags):,} lists of tags."
        )
    if not len(sentences):
        raise DataError(f"{name} has no sentences. Expected at least two.")
    found = []
    for row, (tokens, row_tags) in enumerate(zip(sentences, tags, strict=True)):
        where = f"{name}, sentence {row} (counted from 0)"
        for noun, values in (("tokens", tokens), ("tags", row_tags)):
            if not _is_sequence(values):
                raise DataError(f"{where}: expected a list of {noun}, found {short_repr(values)}.")
        if len(tokens) != len(row_tags):
            raise DataError(
                f"{where}: expected one tag for each token: got {len(tokens)} tokens and "
                f"{len(row_tags)} tags."
            )
        if not len(tokens):
            raise DataError(f"{where}: the sentence has no tokens. Leave it out.")
        for index, pair in enumerate(zip(tokens, row_tags, strict=True)):
            for noun, value in zip(("token", "tag"), pair, strict=True):
                if not isinstance(value, str) or not value.strip(_WHITE):
                    raise DataError(
                        f"{location(row, index)}: expected a {noun}, a str that is not empty. "
                        f"Found {short_repr(value)}."
                    )
        found.append(Sentence(list(map(str, tokens)), list(map(str, row_tags)), []))
    return found


def _is_sequence(values):
    return isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, (str, bytes))
