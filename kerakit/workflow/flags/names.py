"""Messages about parameters of functions, as messages about the flags of a command.

A message of kerakit names a parameter in one of two forms: *The 'epochs' parameter of fit must
be ...*, or `epochs=` with or without a value behind it. A user of a command knows its flags.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Collection, Mapping

from kerakit.errors import KerakitError

__all__ = ["flags_of", "with_flags"]

_FUNCTION = re.compile(r"^(load_[a-z]+|predict_csv): ")
_PARAMETER = re.compile(r"[Tt]he '(?:--)?(\w+)' parameter of \w+")
_PARAMETERS = re.compile(r"The '(\w+)' and '(\w+)' parameters of \w+")
# Not a part of a longer word, of a path, or of a value that is quoted.
_KEYWORD = re.compile(r"(?<![\w'\"?&/.\-\\])([a-z_]+)=(?![=>])")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?\d+(?:\.\d+)?|None|True|False")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

# Parameters of a loader that a flag of another name stands for, by the flag of the user's data.
_OTHER_NAMES = {
    "csv": {"path": "csv"},
    "images": {"directory": "images"},
    "series": {"source": "series"},
    "ts": {"source": "ts"},
    "text": {"source": "text", "text": "text_column", "label": "target"},
    "tagged": {"source": "tagged"},
}


def flags_of(names: Collection[str], positional: Collection[str] = ()) -> dict[str, str]:
    """Return the flag that stands for each parameter, such as `"--na-values"` for `"na_values"`.

    Args:
        names: collection of strings. The fields of a recipe's configuration, or the parameters
            of a command.
        positional: collection of strings. The parameters of a command that have no flag: they
            are named in capitals, as in its help.

    Example:

    >>> flags_of(["text", "text_column", "seed"])["text"]
    '--text-column'
    """
    found = {name: name for name in names}
    for data, others in _OTHER_NAMES.items():
        if data in found:
            found |= {name: flag for name, flag in others.items() if flag in names}
    flags = {name: f"--{flag.replace('_', '-')}" for name, flag in found.items()}
    return {**flags, **{name: name.upper() for name in positional}}


def with_flags(message: str, flags: Mapping[str, str]) -> str:
    """Return a message that names flags where it named parameters.

    Args:
        message: str. The message of an error or of a warning.
        flags: dict from parameter to flag, as `flags_of` returns it. Other parameters keep
            their names.

    Example:

    >>> flags = flags_of(["csv", "na_values", "column_types", "epochs"])
    >>> with_flags("The 'epochs' parameter of fit must be an int. Got 0 instead.", flags)
    '--epochs must be an int. Got 0 instead.'
    >>> with_flags("load_csv: wine.csv: pass na_values=('-', 'x') or columns=.", flags)
    "wine.csv: pass --na-values '-,x' or columns=."
    """

    def named(match: re.Match[str]) -> str:
        words = [flags.get(name) for name in match.groups()]
        return " and ".join(word for word in words if word) if all(words) else match[0]

    text = _FUNCTION.sub("", message)
    text = _PARAMETERS.sub(named, _PARAMETER.sub(named, text))
    parts, at = [], 0
    for match in _KEYWORD.finditer(text):
        if match.start() < at or match[1] not in flags:
            continue
        end = _end_of_value(text, match.end())
        parts += [
            text[at : match.start()],
            flags[match[1]],
            _written(text[match.end() : end], text[end:]),
        ]
        at = end
    return str(KerakitError("".join([*parts, text[at:]])))


def _end_of_value(text, start):
    """Where the Python literal ends that begins at `start`; `start` where there is none."""
    match = _LITERAL.match(text, start)
    if match:
        return match.end()
    closing = []
    at = start
    while at < len(text):
        quoted = _LITERAL.match(text, at) if text[at] in "'\"" else None
        if quoted:
            at = quoted.end()
            continue
        if text[at] in _BRACKETS:
            closing.append(_BRACKETS[text[at]])
        elif closing and text[at] == closing[-1]:
            closing.pop()
        if not closing:
            return at + 1 if at > start else start
        at += 1
    return start


def _written(literal, rest):
    """A Python literal as the value of a flag, with a space before it."""
    if not literal:
        return " " if rest.startswith(tuple(_BRACKETS)) else ""
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return f" {literal}"
    if value is True:
        return ""
    if isinstance(value, dict):
        return f" {shlex.quote(json.dumps(value, ensure_ascii=False))}"
    if isinstance(value, (tuple, list)):
        value = ",".join(map(str, value))
    word = {None: "none", "\t": "tab"}.get(value, str(value))
    # A full stop or a comma behind a bare word would look like a part of it.
    if word.isidentifier() and not rest.startswith((".", ",")):
        return f" {word}"
    return f' "{word}"' if "'" in word and '"' not in word else f" '{word}'"
