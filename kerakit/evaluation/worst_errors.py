"""The errors an image classifier was surest of: found batch by batch, drawn as a grid."""

import dataclasses

import numpy as np

from kerakit.evaluation.plots import INK, ORANGE, plain

__all__ = ["MostConfidentErrors", "WrongAnswer", "display_size", "worst_errors"]

MAX_ERRORS = 20
COLUMNS = 5
SIDE = 224  # pixels of the longer side as drawn: a multiple of 8, 14, 16, 28, 32, 56
GAP, WORDS, DPI = 16, 84, 120  # pixels between images and for the words below, per inch
NAME = 17  # characters of a class's name that fit under an image


@dataclasses.dataclass(frozen=True)
class WrongAnswer:
    """One test row that was taken for another class.

    Attributes:
        row: int. Its place in the test split, from 0.
        true, predicted: int. Class ids.
        confidence: float. Probability given to the predicted class.
        image: uint8 array of shape `(height, width, 1 or 3)`, of a size to be looked at.
    """

    row: int
    true: int
    predicted: int
    confidence: float
    image: np.ndarray


class MostConfidentErrors:
    """Keeps the surest wrong answers of the batches it is shown, and no other image.

    Args:
        limit: int in `[1, inf)`. How many to keep. Defaults to 20.
    """

    def __init__(self, limit=MAX_ERRORS):
        self.limit, self.rows, self.errors = limit, 0, []

    def add(self, images, y, p):
        """Take note of a batch.

        Args:
            images: array of shape `(n, H, W, C)`, values in 0-255.
            y: int array of shape `(n,)`. True class ids.
            p: array of shape `(n, classes)`. Probabilities.
        """
        y, p = np.asarray(y), np.asarray(p)
        label, sure = p.argmax(axis=1), p.max(axis=1)
        wrong = np.flatnonzero(label != y)
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")][: self.limit]
        if len(self.errors) == self.limit:
            wrong = wrong[sure[wrong] > self.errors[-1].confidence]
        if len(wrong):
            shown = np.asarray(images[: len(y)])
            self.errors += [
                WrongAnswer(
                    row=int(self.rows + i),
                    true=int(y[i]),
                    predicted=int(label[i]),
                    confidence=float(sure[i]),
                    image=display_size(shown[i]),
                )
                for i in wrong
            ]
            self.errors.sort(key=lambda error: (-error.confidence, error.row))
            del self.errors[self.limit :]
        self.rows += len(y)


def display_size(image, side=SIDE):
    """Return an image at a size to be looked at: small ones enlarged crisply, large ones shrunk.

    Args:
        image: array of shape `(H, W, C)`, C 1 or 3, values in 0-255.
        side: int. The longer side at most. Defaults to 224.

    Returns:
        uint8 array of shape `(h, w, C)`. Enlarged by a whole factor, every pixel a square;
        shrunk with an antialiasing filter, in proportion.
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


def worst_errors(errors, classes):
    """Draw wrong answers with their images, the surest first.

    Args:
        errors: list of `WrongAnswer`, at least one.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. Under each image: the true class, the predicted one, the
        confidence and the row of the test split.
    """
    from matplotlib.figure import Figure

    columns = COLUMNS if len(errors) > COLUMNS else max(3, len(errors))
    rows = -(-len(errors) // columns)
    # All images of a split have one shape. Cells are counted in pixels of the file, so that
    # each pixel of an image is drawn as it is; a layout engine would scale them unevenly.
    height = max(max(error.image.shape[0] for error in errors), SIDE // 4)
    cell = SIDE + GAP, height + WORDS
    total = columns * cell[0], rows * cell[1]
    figure = Figure(figsize=(total[0] / DPI, total[1] / DPI), dpi=DPI)
    for place, error in enumerate(errors):
        row, column = divmod(place, columns)
        left, bottom = column * cell[0] + GAP / 2, total[1] - row * cell[1] - height
        box = (left / total[0], bottom / total[1], SIDE / total[0], height / total[1])
        axis = figure.add_axes(box)
        axis.set_axis_off()
        gray = {"cmap": "gray", "vmin": 0, "vmax": 255} if error.image.shape[-1] == 1 else {}
        image = error.image[..., 0] if gray else error.image
        axis.imshow(image, interpolation="nearest", **gray)
        axis.set_xlim((image.shape[1] - SIDE) / 2 - 0.5, (image.shape[1] + SIDE) / 2 - 0.5)
        axis.set_ylim((image.shape[0] + height) / 2 - 0.5, (image.shape[0] - height) / 2 - 0.5)
        lines = (
            (f"true: {plain(classes[error.true], NAME)}", INK),
            (f"predicted: {plain(classes[error.predicted], NAME)}", ORANGE),
            (f"{_percent(error.confidence)} sure, row {error.row}", INK),
        )
        for i, (text, color) in enumerate(lines):
            axis.annotate(
                text, (0, 0), (0, -3 - 11.5 * i), "axes fraction", "offset points",
                color=color, fontsize=8.5, va="top", annotation_clip=False,
            )  # fmt: skip
    return figure


def _percent(confidence):
    """Percent, never rounded up to certainty: 99.96 % is not 100 %."""
    if 0.9995 <= confidence < 1:
        return "over 99.9 %"
    return f"{100 * confidence:.1f} %"
