"""The table of backbones: networks trained on ImageNet that kerakit knows by name.

Nothing here imports Keras, so that the names can be listed at once.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kerakit.builders.pretrained.backbones.backbone import Backbone
from kerakit.builders.pretrained.backbones.families import FAMILIES
from kerakit.checks import short_repr
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    import keras

__all__ = ["BACKBONES", "entry_of", "find_backbone"]

BACKBONES: Mapping[str, Backbone] = types.MappingProxyType(
    {backbone.name: backbone for family in FAMILIES for backbone in family()}
)
"""Read-only mapping from name to `Backbone`."""


def find_backbone(owner: str, name: str, parameter: str = "name") -> Backbone:
    """Return the `Backbone` of a name; the width 1.0 may be part of it.

    Args:
        owner: str. The function that was called, for errors.
        name: str.
        parameter: str. The parameter that the name was given in. Defaults to `"name"`.

    Raises:
        ArgumentError: when there is no such backbone; the error names similar ones.

    Example:

    >>> find_backbone("me", "MobileNetV2_1.0").name
    'MobileNetV2'
    """
    known = str(name).removesuffix("_1.0")
    if str(name).endswith("_1.0") and f"{known}_0.75" not in BACKBONES:
        known = name
    if isinstance(name, str) and known in BACKBONES:
        return BACKBONES[known]
    lower = {key.lower(): key for key in BACKBONES}
    near = difflib.get_close_matches(str(name)[:100].lower(), lower, n=3)
    hint = " Near: " + ", ".join(repr(lower[key]) for key in near) + "." if near else ""
    raise ArgumentError(
        f"The '{parameter}' parameter of {owner} must be one of the {len(BACKBONES)} names that "
        f"`kerakit list backbones` shows. Got {short_repr(name)} instead.{hint}"
    )


def entry_of(backbone: keras.Model) -> Backbone | None:
    """Return the `Backbone` of the table that a model is, or `None`.

    The number of parameters and the names of the stages tell it, which saving and loading keep.

    Args:
        backbone: `keras.Model` without top, as `load_backbone` gives it.

    Example:

    >>> from kerakit.builders import load_backbone
    >>> entry_of(load_backbone("MobileNetV2_0.35", weights=None)).name
    'MobileNetV2_0.35'
    """
    layers = getattr(backbone, "layers", [])
    names = [layer.name for layer in layers]
    for entry in BACKBONES.values():
        known = names[-1:] == [entry.stages[-1]] and set(entry.stages) <= set(names)
        if known and backbone.count_params() == entry.parameters:
            return entry
    return None
