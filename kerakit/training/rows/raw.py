"""Which data stay raw until a batch of them trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["by_batch", "has_images"]


def has_images(spec: Spec) -> bool:
    """Return whether a feature is an image; pixels stay uint8, a quarter of the memory."""
    return any(feature.kind == "image" for feature in spec.features)


def by_batch(spec: Spec) -> bool:
    """Return whether rows go through `preprocess` batch by batch, inside the training step.

    Preprocessed images take four times the memory of their pixels, and the windows of a series
    as many times the memory of the series as a window is long. Other data go through
    `preprocess` once.
    """
    return has_images(spec) or spec.series is not None
