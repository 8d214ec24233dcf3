"""The spellings of dates: rules that rewrite the usual ones as ISO 8601.

A rule is a regular expression and its replacement, in the syntax of RE2. Arrow applies the rules
to a column, and TensorFlow's operation `StaticRegexReplace` applies them to a request. Both call
RE2, so that a file and a request are read alike.

The rules give `2024-05-03`, `2024-05-03T12:30:00`, or the latter followed by an offset from UTC
(`+0200`, `+02`) or by the half of the day (`A`, `P`). What is no date gives anything else, and
`date_numbers` tells.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DAY_FIRST", "ISO", "MONTH_FIRST", "format_problem", "iso_spelling", "spelling_rules"]

# What `Feature.format` says of a column with dates such as 03/05/2024. A column without such
# dates has an empty format, and a format of the user's begins with a date's `%`.
DAY_FIRST, MONTH_FIRST = "day first", "month first"

# A date as `read_dates` writes it, or a missing one.
ISO = r"^(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?)?$"

_MONTHS = (
    "jan(?:uary)?",
    "feb(?:ruary)?",
    "mar(?:ch)?",
    "apr(?:il)?",
    "may",
    "june?",
    "july?",
    "aug(?:ust)?",
    "sept?(?:ember)?",
    "oct(?:ober)?",
    "nov(?:ember)?",
    "dec(?:ember)?",
)
# First all numbers of one digit get a zero, and the name of a month becomes `#` and its number.
_WORDS = (
    (r"\b(\d)\b", r"0\1"),
    *((rf"(?i)\b{name}\b\.?", f"#{month:02}") for month, name in enumerate(_MONTHS, 1)),
)
_NAMED_MONTHS = (
    (r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?\s+", ""),
    (r"^#(\d\d)[\s./-]+(\d\d)[\s.,/-]+(\d{4})\b", r"\3-\1-\2"),
    (r"^(\d\d)[\s./-]*#(\d\d)[\s.,/-]*(\d{4}|\d\d)\b", r"@\3-\2-\1"),
    (r"^(\d{4})[\s./-]+#(\d\d)[\s./-]+(\d\d)\b", r"\1-\2-\3"),
    (r"^#(\d\d)[\s.,/-]*(\d{4})$", r"\2-\1-01"),
)
# Two digits of a year between hyphens are too often something else.
_THREE_NUMBERS = r"^(\d\d)(?:[/.](\d\d)[/.](\d{4}|\d\d)|-(\d\d)-(\d{4}))\b"
_ORDERS = {
    DAY_FIRST: ((_THREE_NUMBERS, r"@\3\5-\2\4-\1"),),
    MONTH_FIRST: ((_THREE_NUMBERS, r"@\3\5-\1-\2\4"),),
    # Between points, the day comes first wherever such dates are written.
    "": ((r"^(\d\d)\.(\d\d)\.(\d{4}|\d\d)\b", r"@\3-\2-\1"),),
}
_YEAR_FIRST = (
    (r"^(\d{4})(?:[/.-](\d\d)[/.-](\d\d)|(\d\d)(\d\d))(\D|$)", r"\1-\2\4-\3\5\6"),
    (r"^([12]\d{3})[/-](\d\d)$", r"\1-\2-01"),
)
# `@` stands before a year that may have two digits: those from 69 on are of the 20th century, as
# for `strptime`.
_CENTURIES = ((r"^@(\d{4})", r"\1"), (r"^@(69|[7-9]\d)-", r"19\1-"), (r"^@(\d\d)-", r"20\1-"))
# Minutes, seconds and their fraction may be absent. Zeros behind what is there fill the gap, and
# the second rule takes six digits.
_ZONE = r"(?:[Zz]|UTC|GMT|([+-]\d\d)(?::?(\d\d))?"
_HALF = r"([AaPp])\.?[Mm]\.?"
_SPACE = "[\\s\u00a0\u202f]"
_TIMES = (
    (
        r"^(\d{4}-\d\d-\d\d),?(?:[Tt]|\s+)(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?"
        rf"{_SPACE}*{_ZONE}|{_HALF})?$",
        r"\1T\2\3\40000;\5\6\7",
    ),
    (r"^(.{10})T(\d\d)(\d\d)(\d\d)\d*;", r"\1T\2:\3:\4"),
)

_DIRECTIVES = {
    "Y": r"(\d{4})",
    "y": r"(\d\d)",
    "m": r"(\d\d)",
    "b": r"#(\d\d)",
    "B": r"#(\d\d)",
    "d": r"(\d\d)",
    "H": r"(\d\d)",
    "I": r"(\d\d)",
    "M": r"(\d\d)",
    "S": r"(\d\d)",
    "f": r"\d+",
    "p": _HALF,
    "z": rf"{_ZONE})",
    "a": r"[A-Za-z]+\.?",
    "A": r"[A-Za-z]+\.?",
    "%": "%",
}
_GROUPS = {"b": "m", "B": "m", "I": "H"}  # directives that give what another one gives
_DIRECTIVE = re.compile(r"%(.)")


@functools.lru_cache(maxsize=256)
def spelling_rules(format: str = "") -> tuple[tuple[str, str], ...]:
    """Return the rules of a column of dates: pairs of a regular expression and a replacement.

    Args:
        format: str. The `format` of a `Feature`: empty, `DAY_FIRST`, `MONTH_FIRST`, or the
            user's, as for `strptime`. ISO 8601 is read in any case. Defaults to `""`.
    """
    usual = format in _ORDERS
    own = (*_NAMED_MONTHS, *_ORDERS[format]) if usual else (_format_rule(format),)
    return (*_WORDS, *own, *_YEAR_FIRST, *_CENTURIES, *_TIMES)


def iso_spelling(words: pa.Array, format: str = "") -> pa.Array:
    """Apply the rules of a format to an Arrow array of strings.

    Example:

    >>> import pyarrow as pa
    >>> iso_spelling(pa.array(["3 May 2024 2:30 pm", "Fri, 3 May 2024", "soon"])).to_pylist()
    ['2024-05-03T02:30:00p', '2024-05-03', 'soon']
    """
    import pyarrow.compute as pc

    words = pc.utf8_trim_whitespace(words)
    rules = spelling_rules(format)
    if not pc.any(pc.match_substring_regex(words, "[A-Za-z]{3}")).as_py():
        rules = [rule for rule in rules if rule not in _WORDS[1:]]  # there is no name of a month
    for pattern, replacement in rules:
        words = pc.replace_substring_regex(words, pattern=pattern, replacement=replacement)
    return words


def format_problem(format: str) -> str | None:
    """Return what is wrong with a format of the user's, or `None`.

    Example:

    >>> format_problem("%d/%m/%Y %H:%M"), format_problem("%d/%m")
    (None, 'it has no year (%Y or %y)')
    """
    if format in (DAY_FIRST, MONTH_FIRST):
        return None
    found = _DIRECTIVE.findall(format)
    unknown = [f"%{name}" for name in found if name not in _DIRECTIVES]
    if unknown or format.count("%") != len(found) + found.count("%"):
        known = " ".join(f"%{name}" for name in _DIRECTIVES)
        return f"{unknown[0] if unknown else 'a % at its end'} is none of {known}"
    parts = [_GROUPS.get(name, name) for name in found if name not in ("a", "A", "f", "%")]
    for names, noun in (("Yy", "year (%Y or %y)"), ("m", "month (%m, %b or %B)")):
        if not set(names) & set(parts):
            return f"it has no {noun}"
    if len(set(parts)) < len(parts) or {"Y", "y"} <= set(parts):
        return "it names a part twice"
    if ("I" in found) != ("p" in found):
        return "%I and %p go together"
    if set(parts) & set("MSz") and "H" not in parts:
        return "it has no hour (%H or %I)"
    import pyarrow as pa

    for text in ("2024-05-03", "2024-05-03T12:30:00"):
        if iso_spelling(pa.array([text]), format)[0].as_py() != text:
            return f"by it, the ISO date {text} would be another date"
    return None


def _format_rule(format):
    pattern, groups, at = [], {}, 0
    for match in _DIRECTIVE.finditer(format):
        pattern.append(_literal(format[at : match.start()]))
        name, at = match[1], match.end()
        pattern.append(_DIRECTIVES[name])
        for group in {"z": ("z", "zm")}.get(name, (name,)):
            if "(" in _DIRECTIVES[name]:
                groups[_GROUPS.get(group, group)] = rf"\{len(groups) + 1}"
    pattern.append(_literal(format[at:]))
    year = groups.get("Y") or "@" + groups["y"]
    written = f"{year}-{groups['m']}-{groups.get('d', '01')}"
    if "H" in groups:
        clock = "".join(groups.get(name, "") for name in "HMS")
        written += f"T{clock}0000;" + "".join(groups.get(name, "") for name in ("z", "zm", "p"))
    return f"^{''.join(pattern)}$", written


def _literal(text):
    """A pattern of text as it is; white space stands for any white space."""
    escaped = re.sub(r"([\\.+*?()\[\]{}|^$])", r"\\\1", text)
    padded = re.sub(r"\b(\d)\b", r"0\1", escaped)  # as `_WORDS` pads the text
    return re.sub(r"\s+", r"\\s+", padded)
