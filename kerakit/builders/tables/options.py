"""The arguments of `mlp_regressor` and `mlp_classifier`, checked, and without `"auto"`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerakit.builders.tables.sizes import Sizes, sizes_for
from kerakit.checks import check, check_choice, check_float, check_int, check_sizes

__all__ = ["ACTIVATION", "MlpOptions", "Normalization", "checked_options"]

ACTIVATION = "gelu"  # where the user gives none
NORMALIZATIONS = ("none", "batch", "layer")
Normalization = Literal["none", "batch", "layer"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MlpOptions:
    """What a multilayer perceptron for tables is made of; `mlp_regressor` says what it means.

    Attributes:
        sizes: `Sizes`: those of the rule, with what the user gave instead.
        activation: str or `None`.
        l2: float.
        normalization: str.
        residual: bool.
        embedding: `"auto"`, int or `None`.
    """

    sizes: Sizes
    activation: str | None
    l2: float
    normalization: Normalization
    residual: bool
    embedding: Literal["auto"] | int | None


def checked_options(
    owner: str,
    inputs: object,
    classes: bool,
    groups: int | None,
    *,
    hidden: Literal["auto"] | Sequence[int],
    activation: str | None,
    dropout: Literal["auto"] | float,
    l2: float,
    normalization: Normalization,
    residual: bool,
    embedding: Literal["auto"] | int | None,
    bins: Literal["auto"] | int,
    members: Literal["auto"] | int,
) -> MlpOptions:
    """Check the arguments of a builder, and decide those that are `"auto"`.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec`, or a plain width.
        classes: bool. Whether it builds a classifier.
        groups: int or `None`. How many groups the rows have, if any.
        hidden, activation, dropout, l2, normalization, residual, embedding, bins, members: as in
            `mlp_regressor`.

    Raises:
        ArgumentError: when an argument is out of its range.
    """
    if activation is not None:
        try:
            keras.activations.get(activation)
        except ValueError:
            check(False, owner, "activation", "the name of a Keras activation", activation)
    if embedding not in ("auto", None):
        check_int(owner, "embedding", embedding, minimum=1)
    given: dict[str, Any] = {}
    if not _is_auto(hidden):
        given["hidden"] = check_sizes(owner, "hidden", hidden)
    if not _is_auto(dropout):
        given["dropout"] = check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    if not _is_auto(bins):
        given["bins"] = check_int(owner, "bins", bins, minimum=0, maximum=64)
        given |= {} if given["bins"] else {"steps": 0}
    check_choice(owner, "normalization", normalization, NORMALIZATIONS)
    plain = normalization == "none" and not residual
    if not _is_auto(members):
        members = check_int(owner, "members", members, minimum=1, maximum=64)
        expected = "1 with normalization= or residual=, which members do not have"
        check(members == 1 or plain, owner, "members", expected, members)
    sizes = sizes_for(inputs, classes, members if plain else 1, "hidden" in given, groups)
    if sizes.narrow_dropout is not None and "dropout" in given:
        given["narrow_dropout"] = given["dropout"]
    return MlpOptions(
        sizes=dataclasses.replace(sizes, **given),
        activation=activation,
        l2=check_float(owner, "l2", l2, "[0.0, inf)"),
        normalization=normalization,
        residual=bool(residual),
        embedding=embedding,
    )


def _is_auto(value):
    return isinstance(value, str) and value == "auto"
