"""From the flags of a recipe to series, labelled sequences, texts and tagged sentences."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING

from kerakit.errors import ArgumentError
from kerakit.workflow.flags.sequences import (
    SequenceFlags,
    SeriesFlags,
    TaggedFlags,
    TextFlags,
)
from kerakit.workflow.flags.values import (
    check_builtin,
    given_flags,
    parse_character,
    parse_labels,
    split_commas,
)
from kerakit.workflow.jobs import command_for

if TYPE_CHECKING:
    from kerakit.data import Data

__all__ = ["load_sequence_data", "load_series_data", "load_tagged_data", "load_text_data"]


def load_series_data(config: SeriesFlags) -> Data:
    """Load the series to forecast that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_series

    given = given_flags(config, SeriesFlags, "series", other=("window", "horizon"))
    if config.series is None:
        check_builtin(config.dataset, "series to forecast", ("mackey_glass",))
        return _with_origins(config, load_builtin(config.dataset, seed=config.seed, **given))
    if _is_ts(config.series):
        raise ArgumentError(
            f"{reprlib.repr(config.series)} holds labelled sequences: run "
            f"{command_for('sequence-classify')} --ts FILE."
        )
    if "," in given.get("time", ""):
        given["time"] = split_commas(given["time"])
    lists = ("value", "id", "covariates", "future", "static", "calendar", "na_values")
    _parse_layout(given, lists)
    return _with_origins(config, load_series(config.series, seed=config.seed, **given))


def load_sequence_data(config: SequenceFlags) -> Data:
    """Load the labelled sequences that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_sequences

    given = given_flags(config, SequenceFlags, "ts")
    if config.ts is None:
        check_builtin(config.dataset, "set of labelled sequences", ("control_charts", "digits"))
        return load_builtin(config.dataset, view="rows", seed=config.seed)
    if config.id is None and not config.ts.lower().endswith((".ts", ".tsv")):
        raise ArgumentError(
            "--ts takes a .ts or .tsv file, as those of the UCR and UEA archives, or with --id a "
            f"table with a row for each step. Got {reprlib.repr(config.ts)}. For a series to "
            f"forecast, run {command_for('sequence-forecast')} --series FILE. For a table with a "
            f"label in each row, run {command_for('tabular-classification')}."
        )
    if "rename_labels" in given:
        given["rename_labels"] = parse_labels(given["rename_labels"])
    _parse_layout(given, ("value", "na_values"))
    return load_sequences(config.ts, seed=config.seed, **given)


def load_text_data(config: TextFlags) -> Data:
    """Load the labelled texts that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_text, load_tfds

    given = given_flags(config, TextFlags, "text", other=("rename_labels",))
    given["rename_labels"] = parse_labels(config.rename_labels)
    if config.text is not None:
        for flag in ("separator", "quote", "label_separator"):
            if flag in given:
                given[flag] = parse_character(given[flag])
        columns = {
            "text": split_commas(given.pop("text_column", "text")),
            "label": split_commas(given.pop("target", "label")),
        }
        given["columns"] = split_commas(config.columns)
        return load_text(config.text, **columns, seed=config.seed, **given)
    if not config.dataset.startswith("tfds:"):
        check_builtin(config.dataset, "set of texts", ("messages",), "tfds:NAME")
        return load_builtin(config.dataset, seed=config.seed, **given)
    name = config.dataset.removeprefix("tfds:")
    data = load_tfds(name, data_dir=config.data_dir, seed=config.seed, **given)
    if data.spec.features[0].kind != "text":
        raise ArgumentError(
            f"{config.dataset!r} is no set of texts. For a table, run "
            f"{command_for('tabular-classification')}; for images, {command_for('image-cnn')}."
        )
    return data


def load_tagged_data(config: TaggedFlags) -> Data:
    """Load the tagged sentences that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_tagged

    given = given_flags(config, TaggedFlags, "tagged", other=("rename_labels",))
    given["rename_labels"] = parse_labels(config.rename_labels)
    if config.tagged is None:
        check_builtin(config.dataset, "set of tagged sentences", ("sentences",))
        return load_builtin(config.dataset, seed=config.seed, **given)
    given["columns"] = split_commas(config.columns)
    _parse_layout(given, ())
    given["token"], given["tag"] = _column(config.token), _column(config.tag)
    return load_tagged(config.tagged, seed=config.seed, **given)


def _with_origins(config, data):
    """The data, which have test windows for each group of `--origins`: it is too late after fit."""
    from kerakit.evaluation.metrics.origins import check_origins

    if getattr(config, "origins", None) is not None:
        check_origins("evaluate", config.origins, data)
    return data


def _parse_layout(given, lists):
    """Make lists and characters of the flags that are given, in place."""
    for flag in lists:
        if flag in given:
            given[flag] = split_commas(given[flag])
    for flag in ("separator", "quote", "thousands"):
        if flag in given:
            given[flag] = parse_character(given[flag])


def _is_ts(path: str) -> bool:
    return path.lower().endswith(".ts")


def _column(text: str | None) -> str | int | None:
    """Return a column as a number where it is one, else as a name."""
    try:
        return None if text is None else int(text)
    except ValueError:
        return text
