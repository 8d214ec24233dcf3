"""Trained models in fewer operations, for answers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerakit.builders.contract import linear_path_of, members_of
from kerakit.builders.sequence.folded import without_idle_parts
from kerakit.builders.tables.members.folded import folded_members

if TYPE_CHECKING:
    import keras

__all__ = ["folded"]


def folded(model: keras.Model) -> keras.Model:
    """Return a model that gives the same answers in fewer operations, where there is one.

    Args:
        model: `keras.Model`.

    Returns:
        What `folded_members` or `without_idle_parts` make of it; `model` itself where neither has
        anything to do.
    """
    if members_of(model) is not None:
        return folded_members(model)
    path = linear_path_of(model)
    return model if path is None or path.kind != "rocket" else without_idle_parts(model)
