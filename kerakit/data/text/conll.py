"""Files with a token and its tag on each line: CoNLL columns, and CoNLL-U."""

import dataclasses
import re

from kerakit.data.names import near_match
from kerakit.errors import DataError

__all__ = ["Sentence", "read_conll"]

_UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_FIRST_ID = re.compile(r"(1|1-\d+|0\.1)")
_DOCUMENT = "-DOCSTART-"


@dataclasses.dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        tokens, tags: lists of str of one length.
        lines: list of ints. The line that each token stands on, counted from 1.
    """

    tokens: list[str]
    tags: list[str]
    lines: list[int]


def read_conll(text, name, *, token=None, tag=None, columns=None):
    """Read the sentences of a file.

    CoNLL-U is known by its suffix, or by ten columns of which the first counts the words.

    Args:
        text: str. What the file holds: lines of columns between tabs, or between spaces where
            the first has no tab, and blank lines between the sentences. Comments begin with
            `# `; documents with a line `-DOCSTART-`, which is passed over.
        name: str. The file's name, for errors.
        token, tag: int or str. The columns of the tokens and of their tags: a number, from 0,
            or from the end as -1; or a name, of `columns`, of a comment
            `# global.columns = ...`, or of CoNLL-U (`"form"`, `"lemma"`; `"upos"`, `"xpos"`,
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
        raise DataError(f"{name} holds no sentence. Expected a token and its tag on each line.")
    fields = first.split("\t")
    counted = len(fields) == len(_UNIVERSAL) and _FIRST_ID.fullmatch(fields[0])
    if columns is None and (name.lower().endswith((".conllu", ".conllu.gz")) or counted):
        return _read_universal(lines, name, token or "form", tag or "upos")
    return _read_columns(lines, first, name, token, tag, columns)


def _read_columns(lines, first, name, token, tag, columns):
    """Sentences of lines with any columns, as many as the line `first` has."""
    between = "tabs" if "\t" in first else "spaces"
    count, places = len(_cells(first, between)), None
    sentences, held = [], []
    for number, line in enumerate([*lines, ""], 1):
        cells = _cells(line, between)
        if not any(cells):
            if held:
                sentences.append(Sentence(*map(list, zip(*held, strict=True))))
            held = []
            continue
        if cells[0] == _DOCUMENT:
            continue
        # `#` may also be a token, or begin one, as `#fun` does.
        if line.startswith("#") and not held and (line[1:2] == " " or len(cells) != count):
            columns = _global_columns(line) or columns
            continue
        places = places or _places(name, number, count, token, tag, columns)
        if len(cells) != count:
            raise DataError(
                f"{name}, line {number}: expected {count} columns, found {len(cells)} ({between} "
                "stand between them). Each token needs its tag; correct the line."
            )
        held.append((cells[places[0]], cells[places[1]], number))
        _check_cells(name, *held[-1])
    _refuse_numbering(sentences, name, places[0])
    return sentences


def _cells(line, between):
    # Not `str.split`, which would cut at a no-break space too.
    cells = line.split("\t") if between == "tabs" else re.split(r"[ \t]+", line.strip(" \t"))
    return [cell.strip(" ") for cell in cells]


def _places(name, number, count, token, tag, columns):
    """The columns of tokens and tags, as numbers in `[0, count)`."""
    if count < 2:
        raise DataError(
            f"{name}, line {number}: found one column; expected a token and its tag, with a tab or "
            "a space between."
        )
    if columns is not None and len(columns) != count:
        raise DataError(
            f"{name}, line {number}: there are {count} columns, and {len(columns)} names for them, "
            f"{tuple(columns)}. Give one name per column."
        )
    places = []
    for parameter, wanted in (("token", 0 if token is None else token), ("tag", tag)):
        wanted = -1 if wanted is None else wanted
        if isinstance(wanted, str):
            if wanted not in (columns or ()):
                known = f"The names are {tuple(columns)}." if columns else "Name them with columns="
                known += "" if columns else " or pass a number, from 0."
                raise DataError(
                    f"{name}: there is no column {wanted!r}, which {parameter}= names."
                    f"{near_match(wanted, columns or ())} {known}"
                )
            wanted = list(columns).index(wanted)
        if not -count <= wanted < count:
            raise DataError(
                f"{name}, line {number}: there is no column {wanted}, which {parameter}= names; "
                f"the line has {count}, counted from 0."
            )
        places.append(wanted % count)
    if places[0] == places[1]:
        raise DataError(f"{name}: token= and tag= both name column {places[0]}. Name two.")
    return places


def _global_columns(line):
    """The names that a comment of CoNLL-U Plus gives to the columns, in small letters."""
    key, _, names = line.lstrip("#").partition("=")
    return tuple(names.lower().split()) if key.strip() == "global.columns" else None


def _read_universal(lines, name, token, tag):
    """Sentences of CoNLL-U: its words, without multiword tokens and empty nodes."""
    import conllu

    for parameter, wanted, known in (
        ("token", token, ("form", "lemma")),
        ("tag", tag, ("upos", "xpos", "deprel")),
    ):
        if wanted not in known:
            raise DataError(
                f"{name}: the {parameter}= of a CoNLL-U file is one of {', '.join(known)}. Got "
                f"{wanted!r}."
            )
    # The columns that are not used may hold what they like.
    plain = {field: lambda cells, place: cells[place] for field in _UNIVERSAL[1:]}
    parsers = plain | {"id": conllu.parser.DEFAULT_FIELD_PARSERS["id"]}
    sentences, held = [], []
    for number, line in enumerate([*lines, ""], 1):
        if not line.strip():
            if held:
                sentences.append(Sentence(*map(list, zip(*held, strict=True))))
            held = []
        elif not line.startswith("#"):
            cells = line.count("\t") + 1
            if cells != len(_UNIVERSAL):
                raise DataError(
                    f"{name}, line {number}: expected the {len(_UNIVERSAL)} columns of CoNLL-U "
                    f"with tabs between, found {cells}. Correct the line."
                )
            try:
                # The library takes two spaces for a tab.
                line = re.sub(" {2,}", " ", line)
                word = conllu.parser.parse_line(line, _UNIVERSAL, parsers)
            except conllu.exceptions.ParseException as error:
                raise DataError(f"{name}, line {number}: {error}") from error
            if isinstance(word["id"], int):
                held.append((word[token], word[tag], number))
                # A treebank may leave other columns open here and there, but each word has a UPOS.
                _check_cells(name, *held[-1], missing=("", "_") if tag == "upos" else ("",))
    return sentences


def _check_cells(name, token, tag, number, missing=("",)):
    if not token.strip(" "):
        raise DataError(f"{name}, line {number}: the token is empty. Correct the line.")
    if tag.strip() in missing:
        raise DataError(
            f"{name}, line {number}: the token {token!r} has no tag ({tag!r}). Fill it in, or name "
            "another column with tag=."
        )


def _refuse_numbering(sentences, name, place):
    """Refuse a column that counts the tokens of each sentence, which tells nothing of them."""
    counted = [str(number) for number in range(1, max(len(s.tokens) for s in sentences) + 1)]
    if len(counted) > 1 and all(s.tokens == counted[: len(s.tokens)] for s in sentences):
        raise DataError(
            f"{name}: column {place} counts the tokens of each sentence. Pass token= with the "
            "column of the tokens, and tag= with that of their tags, counted from 0."
        )
