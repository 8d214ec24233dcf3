"""Confident errors of an image classifier, drawn as a grid of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.evaluation.errors.confident_errors import WrongPrediction, percent
from kerakit.evaluation.plots.figure import INK, ORANGE, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from kerakit.data.spec import Spec

__all__ = ["display_size", "has_images", "plot_images"]

COLUMNS = 5
SIDE = 224  # pixels of the longer side in the plot: a multiple of 8, 14, 16, 28, 32, 56
GAP, WORDS, DPI = 16, 84, 120  # pixels between images, for the text below, and per inch
NAME = 17  # characters of a class name that fit below an image


def has_images(spec: Spec) -> bool:
    """Whether each row is one image with one label."""
    image = len(spec.features) == 1 and spec.features[0].kind == "image"
    return image and TASKS[spec.task].answer == "label" and len(spec.features[0].shape) == 3


def display_size(image: ArrayLike, side: int = SIDE) -> np.ndarray:
    """Resize an image for display: a small image is enlarged, a large one is shrunk.

    Args:
        image: array of shape `(H, W, C)`, C 1 or 3, values in 0-255.
        side: int. Maximum length of the longer side. Defaults to 224.

    Returns:
        uint8 array of shape `(h, w, C)`. It is enlarged by a whole factor, so that each pixel
        becomes a square, or shrunk in proportion with an antialiasing filter.
    """
    from PIL import Image

    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    longest = max(image.shape[:2])
    if longest <= side:
        factor = side // longest
        return image.repeat(factor, axis=0).repeat(factor, axis=1)
    height, width = (max(1, round(length * side / longest)) for length in image.shape[:2])
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    small = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
    return small.reshape(height, width, image.shape[-1])


def plot_images(errors: Sequence[WrongPrediction], classes: Sequence[str]) -> Figure:
    """Plot misclassified images, those with the highest confidence first.

    Args:
        errors: list of `WrongPrediction`, at least one, whose `example` is a uint8 array of
            shape `(height, width, 1 or 3)`.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. Below each image: the true class, the predicted class, the
        confidence and the row of the test split.
    """
    from matplotlib.figure import Figure

    columns = COLUMNS if len(errors) > COLUMNS else max(3, len(errors))
    rows = -(-len(errors) // columns)
    # All images of a split have one shape. Cells are measured in pixels of the file, so that
    # each pixel of an image is drawn unchanged; a layout engine would scale them unevenly.
    height = max(max(error.example.shape[0] for error in errors), SIDE // 4)
    cell = SIDE + GAP, height + WORDS
    total = columns * cell[0], rows * cell[1]
    figure = Figure(figsize=(total[0] / DPI, total[1] / DPI), dpi=DPI)
    for index, error in enumerate(errors):
        row, column = divmod(index, columns)
        left, bottom = column * cell[0] + GAP / 2, total[1] - row * cell[1] - height
        box = (left / total[0], bottom / total[1], SIDE / total[0], height / total[1])
        axis = figure.add_axes(box)
        axis.set_axis_off()
        gray = {"cmap": "gray", "vmin": 0, "vmax": 255} if error.example.shape[-1] == 1 else {}
        image = error.example[..., 0] if gray else error.example
        axis.imshow(image, interpolation="nearest", **gray)
        axis.set_xlim((image.shape[1] - SIDE) / 2 - 0.5, (image.shape[1] + SIDE) / 2 - 0.5)
        axis.set_ylim((image.shape[0] + height) / 2 - 0.5, (image.shape[0] - height) / 2 - 0.5)
        lines = (
            (f"true: {plain(classes[error.true], NAME)}", INK),
            (f"predicted: {plain(classes[error.predicted], NAME)}", ORANGE),
            (f"{percent(error.confidence)} sure, row {error.row}", INK),
        )
        for i, (text, color) in enumerate(lines):
            axis.annotate(
                text, (0, 0), (0, -3 - 11.5 * i), "axes fraction", "offset points",
                color=color, fontsize=8.5, va="top", annotation_clip=False,
            )  # fmt: skip
    return figure
