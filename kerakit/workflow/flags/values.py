"""What the values of flags mean: lists, JSON objects, and flags that go together."""

from __future__ import annotations

import json
import pathlib
import re
import reprlib
from collections.abc import Sequence
from typing import Any

from kerakit.errors import ArgumentError
from kerakit.workflow.flags.run import RunFlags

__all__ = [
    "check_builtin",
    "check_one_source",
    "given_flags",
    "data_path",
    "parse_character",
    "parse_labels",
    "parse_object",
    "run_name",
    "split_commas",
]

_OWN_DATA = ("csv", "images", "series", "ts", "text", "tagged")  # flags of the user's own data


def given_flags(
    config: RunFlags, flags: type[RunFlags], data_flag: str, other: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values of the data flags that the user gave, by the names of the fields.

    Args:
        config: the flags of the recipe.
        flags: the class of `kerakit.workflow.flags` that declares the data flags.
        data_flag: the flag of the user's own data, such as `csv`. The other data flags go with it.
        other: the data flags that go with `--dataset` too.

    Raises:
        ArgumentError: when two flags contradict each other.
    """
    check_one_source(config, data_flag)
    given = {name: getattr(config, name) for name in flags.__annotations__}
    given = {
        name: value for name, value in given.items() if value is not None and value is not False
    }
    for name in ("dataset", "data_dir", data_flag):
        given.pop(name, None)
    for name in given:
        if getattr(config, data_flag) is None and name not in other:
            flag = name.replace("_", "-")
            raise ArgumentError(f"--{flag} goes with --{data_flag} FILE, which is not given.")
    return given


def check_one_source(config: RunFlags, data_flag: str) -> None:
    """Raise an `ArgumentError` where the flags name two sets of data.

    Args:
        config: the flags of the recipe.
        data_flag: the flag of the user's own data, such as `csv`.
    """
    path = getattr(config, data_flag)
    default = type(config).__dataclass_fields__["dataset"].default
    if path is not None and config.dataset != default:
        raise ArgumentError(
            f"--{data_flag} {reprlib.repr(path)} and --dataset {reprlib.repr(config.dataset)} are "
            "two sets of data. Give one of them."
        )
    is_tfds = path is None and config.dataset.startswith("tfds:")
    if getattr(config, "data_dir", None) and not is_tfds:
        raise ArgumentError("--data-dir goes with --dataset tfds:NAME, which is not given.")


def check_builtin(name: str, noun: str, known: Sequence[str], more: str = "") -> None:
    """Raise an `ArgumentError` where `--dataset` names no built-in set of the recipe's kind.

    Args:
        name: the value of `--dataset`.
        noun: what the recipe reads, such as `set of texts`.
        known: the built-in sets of this kind.
        more: another form of value that the recipe takes, such as `tfds:NAME`.
    """
    from kerakit.data.names import near_match

    if name not in known:
        choices = " or ".join([*known, more] if more else known)
        raise ArgumentError(
            f"--dataset {reprlib.repr(name)} is no {noun}. Expected {choices}."
            f"{near_match(name, known)}"
        )


def data_path(config: RunFlags) -> str | None:
    """Return the path of the user's own data, or `None` where a data set is read by its name."""
    paths = [getattr(config, flag, None) for flag in _OWN_DATA]
    return next((path for path in paths if path), None)


def run_name(config: RunFlags) -> str:
    """Return the run's name: the value of `--name`, or a name that is made of the data's."""
    path = data_path(config)
    source = config.dataset.removeprefix("tfds:")
    if path is not None:
        source = pathlib.Path(path.removesuffix(".gz")).stem
    return config.name or re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_") or "data"


def split_commas(text: str | None) -> tuple[str, ...] | None:
    """Return the items of a flag that has commas between them.

    >>> split_commas("age, sex")
    ('age', 'sex')
    """
    return None if text is None else tuple(item.strip() for item in text.split(","))


def parse_character(text: str | None) -> str | None:
    """Return a flag of one character: `tab`, `space` and `none` stand for what they say.

    >>> parse_character("tab"), parse_character(";"), parse_character("none")
    ('\\t', ';', None)
    """
    return {"tab": "\t", r"\t": "\t", "space": " ", "none": None}.get(text or "none", text)


def parse_labels(text: str | None) -> dict[str, str] | None:
    """Return the value of `--rename-labels`, a JSON object, as a dict.

    >>> parse_labels('{"yes.": "yes"}')
    {'yes.': 'yes'}
    """
    return parse_object("rename-labels", text, '{"yes.": "yes"}')


def parse_object(flag: str, text: str | None, example: str) -> dict[str, str] | None:
    """Return the value of a flag that is a JSON object, or pairs `key=value`, as a dict.

    Args:
        flag: the name of the flag, without dashes.
        text: the value, or `None` where the flag was not given.
        example: a JSON object, for the error.

    Raises:
        ArgumentError: when the value is neither.

    Example:

    >>> parse_object("column-types", "day=date, zip=categorical", "")
    {'day': 'date', 'zip': 'categorical'}
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        pairs = [pair.partition("=") for pair in text.split(",")]
        value = {key.strip(): item.strip() for key, _, item in pairs}
        if not all(key.strip() and item.strip() for key, _, item in pairs):
            value = None
    if not isinstance(value, dict):
        raise ArgumentError(
            f"--{flag} takes a JSON object, such as '{example}', or pairs such as old=new with "
            f"commas between them. Got {reprlib.repr(text)}."
        )
    return value
