"""Files with a token and its tag on each line: CoNLL columns, and CoNLL-U."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from kerakit.checks import short_repr, shortlist
from kerakit.data.names import near_match
from kerakit.errors import DataError

__all__ = ["Sentence", "read_conll"]

_UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_FIRST_ID = re.compile(r"(1|1-\d+|0\.1)")
_DOCUMENT = "-DOCSTART-"


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One sentence: its tokens, their tags and their lines in the file.

    Attributes:
        tokens, tags: lists of str of one length.
        lines: list of ints. The line that each token stands on, counted from 1.
    """

    tokens: list[str]
    tags: list[str]
    lines: list[int]


def read_conll(
    text: str,
    name: str,
    *,
    token: int | str | None = None,
    tag: int | str | None = None,
    columns: Sequence[str] | None = None,
) -> list[Sentence]:
    """Read the tagged sentences of a CoNLL or CoNLL-U file.

    A file is CoNLL-U where its suffix says so, or where it has ten columns and the first
    numbers the words.

    Args:
        text: str. The text of the file. Columns are separated by tabs, or by spaces where the
            first line has no tab. Blank lines separate sentences. Comments begin with `# `.
            Lines `-DOCSTART-`, which begin documents, are skipped.
        name: str. The file's name, for errors.
        token, tag: int or str. The columns of the tokens and of their tags. An int counts
            columns from 0, or from the end as -1. A str is a name in `columns`, in a comment
            `# global.columns = ...`, or in CoNLL-U (`"form"`, `"lemma"`; `"upos"`, `"xpos"`,
            `"deprel"`). Default to `None`: the first and the last column; in CoNLL-U `"form"`
            and `"upos"`.
        columns: sequence of str. Names of the columns. Defaults to `None`.

    Returns:
        list of `Sentence`.

    Raises:
        DataError: when a line has too few or too many columns, there is no such column, or a
            token has no tag; the message has the line.

    Example:

    >>> sentences = read_conll("He PRP\\nruns VBZ\\n\\nStop VB\\n", "tiny.txt")
    >>> [sentence.tags for sentence in sentences]
    [['PRP', 'VBZ'], ['VB']]
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next(
        (line for line in lines if line.strip() and not line.startswith(("#", _DOCUMENT))), ""
    )
    if not first:
        raise DataError(f"{name} has no sentences. Expected a token and its tag on each line.")
    fields = first.split("\t")
    counted = len(fields) == len(_UNIVERSAL) and _FIRST_ID.fullmatch(fields[0])
    if columns is None and (name.lower().endswith((".conllu", ".conllu.gz")) or counted):
        return _read_universal(lines, name, token or "form", tag or "upos")
    return _read_columns(lines, first, name, token, tag, columns)


def _read_columns(lines, first, name, token, tag, columns):
    """Sentences of lines with any columns, as many as the line `first` has."""
    between = "tabs" if "\t" in first else "spaces"
    count, indices = len(_cells(first, between)), None
    sentences, rows = [], []
    for number, line in enumerate([*lines, ""], 1):
        cells = _cells(line, between)
        if not any(cells):
            if rows:
                sentences.append(Sentence(*map(list, zip(*rows, strict=True))))
            rows = []
            continue
        if cells[0] == _DOCUMENT:
            continue
        # `#` may also be a token, or begin one, as `#fun` does.
        if line.startswith("#") and not rows and (line[1:2] == " " or len(cells) != count):
            columns = _global_columns(line) or columns
            continue
        indices = indices or _indices(name, number, count, token, tag, columns)
        if len(cells) != count:
            raise DataError(
                f"{name}, line {number}: expected {count} columns, found {len(cells)} (separated "
                f"by {between}). Each token needs its tag; correct the line."
            )
        rows.append((cells[indices[0]], cells[indices[1]], number))
        _check_cells(name, *rows[-1])
    _refuse_numbering(sentences, name, indices[0])
    return sentences


def _cells(line, between):
    # Not `str.split`, which would split at a no-break space, too.
    cells = line.split("\t") if between == "tabs" else re.split(r"[ \t]+", line.strip(" \t"))
    return [cell.strip(" ") for cell in cells]


def _indices(name, number, count, token, tag, columns):
    """The indices in `[0, count)` of the columns of tokens and tags."""
    if count < 2:
        raise DataError(
            f"{name}, line {number}: found one column. Expected a token and its tag, separated by "
            "a tab or a space."
        )
    if columns is not None and len(columns) != count:
        raise DataError(
            f"{name}, line {number}: expected one name for each column: found {count} columns, and "
            f"columns= has {len(columns)} names: {shortlist(columns)}."
        )
    indices = []
    for parameter, wanted in (("token", 0 if token is None else token), ("tag", tag)):
        wanted = -1 if wanted is None else wanted
        if isinstance(wanted, str):
            if wanted not in (columns or ()):
                hint = (
                    f"The columns are {shortlist(columns)}."
                    if columns
                    else ("Name the columns with columns=, or pass an index counted from 0.")
                )
                raise DataError(
                    f"{name}: there is no column {short_repr(wanted)}, which {parameter}= names."
                    f"{near_match(wanted, columns or ())} {hint}"
                )
            wanted = list(columns).index(wanted)
        if not -count <= wanted < count:
            raise DataError(
                f"{name}, line {number}: there is no column {wanted}, which {parameter}= names. "
                f"The line has {count} columns, counted from 0."
            )
        indices.append(wanted % count)
    if indices[0] == indices[1]:
        raise DataError(
            f"{name}: token= and tag= both name column {indices[0]}. Name two different columns."
        )
    return indices


def _global_columns(line):
    """The names that a comment of CoNLL-U Plus gives to the columns, in small letters."""
    key, _, names = line.lstrip("#").partition("=")
    return tuple(names.lower().split()) if key.strip() == "global.columns" else None


def _read_universal(lines, name, token, tag):
    """The sentences of CoNLL-U: the words, without multiword tokens and empty nodes."""
    import conllu

    for parameter, wanted, known in (
        ("token", token, ("form", "lemma")),
        ("tag", tag, ("upos", "xpos", "deprel")),
    ):
        if wanted not in known:
            raise DataError(
                f"{name}: {parameter}= of a CoNLL-U file must be one of {', '.join(known)}. Got "
                f"{short_repr(wanted)} instead."
            )
    # The columns that are not used may have any values.
    plain = {field: lambda cells, index: cells[index] for field in _UNIVERSAL[1:]}
    parsers = plain | {"id": conllu.parser.DEFAULT_FIELD_PARSERS["id"]}
    sentences, rows = [], []
    for number, line in enumerate([*lines, ""], 1):
        if not line.strip():
            if rows:
                sentences.append(Sentence(*map(list, zip(*rows, strict=True))))
            rows = []
        elif not line.startswith("#"):
            cells = line.count("\t") + 1
            if cells != len(_UNIVERSAL):
                raise DataError(
                    f"{name}, line {number}: expected the {len(_UNIVERSAL)} columns of CoNLL-U, "
                    f"separated by tabs, found {cells}. Correct the line."
                )
            try:
                # The library reads two spaces as a tab.
                line = re.sub(" {2,}", " ", line)
                word = conllu.parser.parse_line(line, _UNIVERSAL, parsers)
            except conllu.exceptions.ParseException as error:
                raise DataError(f"{name}, line {number}: {error}") from error
            if isinstance(word["id"], int):
                rows.append((word[token], word[tag], number))
                # A treebank may leave other columns empty here and there; each word has a UPOS.
                _check_cells(name, *rows[-1], missing=("", "_") if tag == "upos" else ("",))
    return sentences


def _check_cells(name, token, tag, number, missing=("",)):
    if not token.strip(" "):
        raise DataError(f"{name}, line {number}: the token is empty. Correct the line.")
    if tag.strip() in missing:
        raise DataError(
            f"{name}, line {number}: the token {short_repr(token)} has no tag ({tag!r}). "
            "Fill it in, or name another column with tag=."
        )


def _refuse_numbering(sentences, name, index):
    """Refuse a column that numbers the tokens of each sentence."""
    counted = [str(number) for number in range(1, max(len(s.tokens) for s in sentences) + 1)]
    if len(counted) > 1 and all(s.tokens == counted[: len(s.tokens)] for s in sentences):
        raise DataError(
            f"{name}: column {index} numbers the tokens of each sentence. Pass token= with the "
            "column of the tokens, and tag= with the column of the tags, counted from 0."
        )
