"""`Backbone`: a network trained on ImageNet. Nothing here imports Keras."""

from __future__ import annotations

import dataclasses
from typing import Literal

__all__ = ["KERAS", "Backbone"]

KERAS = "keras.io/api/applications"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backbone:
    """One network trained on ImageNet (1,281,167 images of 1,000 classes).

    Attributes:
        name: str. As in `keras.applications`, with the width if the family has several.
        family: str.
        size: int. Pixels a side of the images that it was trained on. Defaults to `224`.
        smallest: int. The fewest pixels a side that it takes. Defaults to `32`.
        mode: str. The pixels that it takes: `"tf"` x / 127.5 - 1; `"torch"` (x / 255 - mean) /
            std; `"caffe"` blue, green, red less their means; `"lite"` (x - 127) / 128;
            `"inside"` x itself, 0 to 255, which the network normalises.
        parameters: int. Without the classification top, moving statistics included.
        top_1: float in [0, 100], or `None`. Published accuracy on the validation images, in
            percent.
        stages: tuple of str. The last layer of each stage, in order. The last one is the last
            layer of the network.
        source: str. Where the accuracy is published. Defaults to the pages of Keras.
        weights: str, or `None` if Keras has none. The name of Keras' weights file. The part in
            brackets is only in the name of the file without top; `{side}` is the side in pixels
            of the images it was trained on. Defaults to `None`.
    """

    name: str
    family: str
    mode: Literal["tf", "torch", "caffe", "lite", "inside"]
    parameters: int
    top_1: float | None
    stages: tuple[str, ...]
    size: int = 224
    smallest: int = 32
    source: str = KERAS
    weights: str | None = None
