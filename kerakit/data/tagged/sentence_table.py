"""Tagged sentences in a table with a row for each token and a column that tells sentences apart."""

from __future__ import annotations

import math
import os
import pathlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.columns.values import as_column
from kerakit.data.files.plain_text import check_file, read_bytes
from kerakit.data.files.signature import HEAD, is_parquet
from kerakit.data.names import near_match
from kerakit.data.table_files.json_rows import JSON
from kerakit.data.table_files.table_file import PARQUET, read_table_file
from kerakit.data.tagged.conll import Sentence
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["is_sentence_table", "read_sentence_table"]

_TABLES = {*PARQUET, *JSON}
# Names by which a column is known, without what is no letter: `Sentence #` is `sentence`.
_KNOWN = {
    "id": ("sentence", "sentenceid", "sentenceidx", "sentenceno", "sentencenumber", "sentid"),
    "token": ("token", "word", "form", "tokens", "words"),
    "tag": ("tag", "nertag", "ner", "label", "tags", "labels", "postag", "pos", "upos"),
}


def is_sentence_table(source: Any, given: bool) -> bool:
    """Return whether a source is a table: a DataFrame, or a file that is not CoNLL columns.

    Args:
        source: path, or anything else.
        given: bool. Whether the user has named the column of the sentences.
    """
    if is_frame(source):
        return True
    if not isinstance(source, (str, os.PathLike)):
        return False
    path = pathlib.Path(source).expanduser()
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if given or suffixes & _TABLES:
        return True
    if not path.is_file():
        return False  # who reads it says so
    if ".csv" in suffixes:
        return _is_delimited(read_bytes(path, "a table")[:HEAD])
    return is_parquet(check_file(path, "a table"))


def _is_delimited(head):
    """Whether a first line is that of a table, and not a token and its tag."""
    first = next(iter(head.lstrip().splitlines()), b"").decode(errors="replace")
    names = _usual(first.split("\t"))
    return "," in first or ";" in first or any(name in names for name in _KNOWN["id"])


def read_sentence_table(
    source: Any,
    name: str,
    *,
    id: str | None = None,
    token: int | str | None = None,
    tag: int | str | None = None,
    text: Mapping[str, Any] | None = None,
) -> tuple[list[Sentence], Callable[[int, int], str]]:
    """Read sentences from a table with a row for each token, in the order of the rows.

    A sentence is a run of rows with one id. An empty id is that of the row above, as in the data
    set "Annotated Corpus for Named Entity Recognition" of Kaggle, which writes it once a sentence.

    Args:
        source: path of a file of CSV, JSON lines or Parquet, or a DataFrame.
        name: str. The name of a DataFrame, for errors.
        id, token, tag: the columns of sentences, tokens and tags; ints count columns from 0.
            Default to `None`: columns whose names are usual for them, such as `Sentence #`, `Word`
            and `Tag`.
        text: dict of keyword arguments of `read_table_file`. Defaults to `None`.

    Returns:
        `(sentences, location)`: a list of `Sentence`, and a function from the indices of a
        sentence and of a token to its location.

    Raises:
        DataError: when there is no such column, or a row has no token, no tag or no sentence; the
            message has the row.

    Example:

    >>> import pandas
    >>> rows = {"Sentence #": ["1", None, "2"], "Word": ["I", "run", "Stop"], "Tag": [*"PVV"]}
    >>> sentences, _ = read_sentence_table(pandas.DataFrame(rows), "table")
    >>> [sentence.tokens for sentence in sentences]
    [['I', 'run'], ['Stop']]
    """
    if is_frame(source):
        columns = frame_columns(source, name)

        def locate(row):
            return f"{name}, row {row} (counted from 0)"
    else:
        name = os.fspath(source)
        path = pathlib.Path(name).expanduser()
        read = read_table_file(path, **(text or {}))
        named = {value for value in (id, token, tag) if isinstance(value, str)}
        columns, locate = read.without_index(named), read.location
    chosen = _choose(columns, {"id": id, "token": token, "tag": tag}, name)
    ids, tokens, tags = (
        _texts(columns[chosen[parameter]], chosen[parameter], name) for parameter in chosen
    )
    if not ids:
        raise DataError(f"{name} has no rows. Expected a token and its tag in each.")
    starts, current, seen = [], None, {}
    for row, (number, word, label) in enumerate(zip(ids, tokens, tags, strict=True)):
        for parameter, value in (("token", word), ("tag", label)):
            if value is None:
                _refuse_missing(parameter, chosen[parameter], locate(row), is_frame(source))
        if number is None and current is None:
            raise DataError(
                f"{locate(row)}, column {chosen['id']!r}: the first row has no sentence. Expected "
                "its id; rows below it may leave it out."
            )
        if number is not None and number != current:
            current = number
            starts.append(row)
            seen.setdefault(number, []).append(row)
    again = next((rows for rows in seen.values() if len(rows) > 1), None)
    if again is not None:
        warn(
            f"{locate(again[1])}, column {chosen['id']!r}: the sentence "
            f"{short_repr(ids[again[1]])} is also at {locate(again[0])}, with other rows between. "
            "Each run of rows is taken as a sentence. If they belong together, sort the rows by "
            "this column."
        )
    ends = [*starts[1:], len(ids)]
    sentences = [
        Sentence(tokens[start:end], tags[start:end], [])
        for start, end in zip(starts, ends, strict=True)
    ]
    return sentences, lambda sentence, index: locate(starts[sentence] + index)


def _choose(columns, given, name):
    """dict from parameter to the name of its column."""
    names = list(columns)
    usual, chosen = _usual(names), {}
    for parameter, wanted in given.items():
        if wanted is None:
            known = [usual[key] for key in _KNOWN[parameter] if key in usual]
            free = [column for column in known if column not in given.values()]
            if not free:
                raise DataError(
                    f"{name}: pass {parameter}= with the column of the "
                    f"{'sentences' if parameter == 'id' else f'{parameter}s'}. The columns are "
                    f"{shortlist(names)}. A table of tagged sentences has a row for each token."
                )
            chosen[parameter] = free[0]
        elif isinstance(wanted, int):
            if not -len(names) <= wanted < len(names):
                raise DataError(
                    f"{name}: there is no column {wanted}, which {parameter}= names. The table has "
                    f"{len(names)} columns, counted from 0."
                )
            chosen[parameter] = names[wanted]
        elif wanted not in columns:
            raise DataError(
                f"{name}: there is no column {short_repr(wanted)}, which {parameter}= names."
                f"{near_match(wanted, names)} The columns are {shortlist(names)}."
            )
        else:
            chosen[parameter] = wanted
    if len(set(chosen.values())) < len(chosen):
        raise DataError(f"{name}: id=, token= and tag= must name different columns. Got {chosen}.")
    return chosen


def _usual(names):
    """dict from what is usual of a name, its letters, to the first name with them."""
    return {re.sub(r"[^a-z]", "", str(column).lower()): column for column in reversed(names)}


def _texts(values, column, name):
    """A column as a list of `str`, `None` where a cell is empty or missing."""
    found = []
    for value in as_column(values, f"{name}, column {column!r}").to_pylist():
        if isinstance(value, float):  # ids beside missing ones, in a frame
            value = None if math.isnan(value) else int(value) if value.is_integer() else value
        text = "" if value is None else str(value).strip(" ")
        found.append(text or None)
    return found


def _refuse_missing(parameter, column, where, frame):
    hint = (
        " pandas takes words such as NA and null for missing values: read the file with "
        "keep_default_na=False, or pass its path."
        if frame
        else " Correct the row."
    )
    raise DataError(f"{where}, column {column!r}: the {parameter} is missing.{hint}")
