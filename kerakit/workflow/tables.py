"""From the flags of a recipe to a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerakit.errors import ArgumentError
from kerakit.workflow.flags import TableFlags
from kerakit.workflow.flags.values import (
    given_flags,
    parse_character,
    parse_labels,
    parse_object,
    split_commas,
)

if TYPE_CHECKING:
    from kerakit.data import Data

__all__ = ["load_table_data"]


def load_table_data(config: TableFlags) -> Data:
    """Load the table that the flags name.

    Args:
        config: the flags of a recipe.

    Raises:
        ArgumentError: when flags contradict each other.
        DataError: when the data cannot be used.
    """
    from kerakit.data import load_builtin, load_table, load_tfds

    is_tfds = config.csv is None and config.dataset.startswith("tfds:")
    other = ("task", "target", "exclude") if is_tfds else ("task",)
    given = given_flags(config, TableFlags, "csv", other)
    for flag in ("columns", "na_values", "exclude"):
        if flag in given:
            given[flag] = split_commas(given[flag])
    if config.csv is None:
        if not is_tfds:
            return load_builtin(config.dataset, view="table", seed=config.seed, **given)
        name = config.dataset.removeprefix("tfds:")
        return load_tfds(name, data_dir=config.data_dir, seed=config.seed, **given)
    targets = split_commas(given.pop("target", None))
    if targets is None:
        raise ArgumentError("--csv needs --target, the column to predict.")
    given["rename_labels"] = parse_labels(config.rename_labels)
    given["column_types"] = parse_object(
        "column-types", config.column_types, '{"zip": "categorical"}'
    )
    for flag in ("separator", "quote", "thousands"):
        if flag in given:
            given[flag] = parse_character(given[flag])
    target = targets[0] if len(targets) == 1 else targets
    return load_table(config.csv, target, seed=config.seed, **given)
