"""The columns of a file that a model takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerakit.checks import shortlist
from kerakit.data.names import near_match
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["columns_of_features"]


def columns_of_features(
    spec: Spec, names: Sequence[str], file: str | os.PathLike[str], hint: str = ""
) -> list[str]:
    """Return the column of each feature: a list of names.

    Args:
        spec: `Spec`.
        names: list of strings. The columns of the file, under their names in the training
            data or in the model.
        file: path, for errors.
        hint: str. A sentence to add when a column is not there.

    Raises:
        DataError: when a feature has no column, or cannot be one.
    """
    no_table = TASKS[spec.task].no_table
    if no_table:
        raise DataError(
            f"predict_csv writes one answer for each row of a table, and the model {no_table}. "
            "Use load_served."
        )
    found = []
    for feature in spec.features:
        if feature.kind == "sequence":
            raise DataError(
                f"predict_csv reads one value for each cell, and the model takes {feature.name!r} "
                "as a series. Use load_served."
            )
        if feature.shape != ():
            raise DataError(
                f"predict_csv reads one value for each cell, and the model takes {feature.name!r} "
                f"as an array of shape {feature.shape}. Use load_served."
            )
        name = next((n for n in (feature.column, feature.name) if n in names), None)
        if name is None:
            wanted = feature.column or feature.name
            raise DataError(
                f"{file}: there is no column {wanted!r}, which the model takes."
                f"{near_match(wanted, names)} The columns are {shortlist(names)}.{hint}"
            )
        found.append(name)
    return found
