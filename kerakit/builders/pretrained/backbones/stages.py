"""Which known network a built model is."""

from kerakit.builders.pretrained.backbones.registry import BACKBONES

__all__ = ["entry_of"]


def entry_of(backbone):
    """Return the `Backbone` that a model is, or `None`.

    It is known by its number of parameters and its stages, which saving and loading keep;
    not by its name.

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
