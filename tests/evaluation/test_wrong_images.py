import io

import numpy as np
import pytest

from kerakit.evaluation.errors.confident_errors import SurestErrors, WrongAnswer
from kerakit.evaluation.errors.images import SIDE, display_size, wrong_images
from kerakit.evaluation.report.run_files import png

P = [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]]
Y = [1, 0, 1, 1, 0, 1]  # wrong in rows 0 (0.9), 1 (0.7), 3 (0.8) and 5 (0.5)


def shown(images, row):
    return display_size(images[row])


@pytest.mark.parametrize("batch", [1, 2, 4, 6])
@pytest.mark.parametrize("limit, rows", [(20, [0, 3, 1, 5]), (2, [0, 3]), (1, [0])])
def test_the_surest_errors_come_first_however_the_rows_are_cut(pictures, batch, limit, rows):
    errors, images = SurestErrors(shown, limit), pictures.numbered(6)
    for start in range(0, 6, batch):
        part = slice(start, start + batch)
        errors.add(images[part], np.int32(Y[part]), np.float32(P[part]))
    assert [error.row for error in errors.errors] == rows
    first = errors.errors[0]
    assert (first.true, first.predicted, first.confidence) == (1, 0, pytest.approx(0.9))
    for error in errors.errors:
        assert np.all(error.shown == error.row)  # its own image


def test_of_equal_confidence_the_first_rows_stay(pictures):
    errors = SurestErrors(shown, 3)
    for _ in range(2):
        errors.add(pictures.numbered(2), [0, 0], [[0.0, 1.0]] * 2)
    assert [error.row for error in errors.errors] == [0, 1, 2]


def test_small_images_are_enlarged_crisply():
    image = np.arange(8 * 8, dtype="uint8").reshape(8, 8, 1)
    shown = display_size(image)
    assert shown.shape == (SIDE, SIDE, 1)
    np.testing.assert_array_equal(shown[:: SIDE // 8, :: SIDE // 8], image)
    np.testing.assert_array_equal(np.unique(shown), np.unique(image))  # no value in between


@pytest.mark.parametrize(
    "shape, expected",
    [
        ((600, 300, 3), (SIDE, SIDE // 2, 3)),
        ((300, 900, 1), (75, SIDE, 1)),
        ((1, 5000, 3), (1, SIDE, 3)),
        ((30, 20, 3), (30 * (SIDE // 30), 20 * (SIDE // 30), 3)),
    ],
)
def test_large_images_are_shrunk_in_proportion(shape, expected):
    shown = display_size(np.full(shape, 90.4, "float32"))
    assert shown.shape == expected and shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, 90)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [1, 7, 20])
def test_words_and_pixels_of_the_grid(channels, count):
    from PIL import Image

    colour = np.array([250, 130, 10], "uint8")[:channels]
    image = np.broadcast_to(colour, (SIDE, SIDE, channels))
    errors = [WrongAnswer(40 + i, 0, 1, 0.75, image) for i in range(count)]
    figure = wrong_images(errors, ["a$b", "x" * 10 + "y" * 90 + "end"])
    assert len(figure.axes) == count
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[0] == r"true: a\$b" and words[2] == "75.0 % sure, row 40"
    assert words[1].startswith("predicted: xxxxxxxxxx") and words[1].endswith("yyend")
    assert len(words[1]) < 30
    pixels = np.asarray(Image.open(io.BytesIO(png(figure))).convert("RGB"))
    for axis in figure.axes:  # every pixel as it was, none cut off or blended
        box = axis.get_window_extent()
        top, left = round(pixels.shape[0] - box.y1), round(box.x0)
        shown = pixels[top : top + SIDE, left : left + SIDE]
        assert shown.shape == (SIDE, SIDE, 3)
        np.testing.assert_array_equal(shown, np.broadcast_to(colour, shown.shape))


@pytest.mark.parametrize("shape", [(SIDE, 5, 3), (5, SIDE, 1)])
def test_words_of_neighbours_do_not_overlap(shape):
    errors = [WrongAnswer(10**6, 0, 0, 0.99996, np.zeros(shape, "uint8"))] * 6
    figure = wrong_images(errors, ["Ewige Würmer; und mehr davon"])
    png(figure)
    boxes = [text.get_window_extent() for axis in figure.axes for text in axis.texts]
    for i, one in enumerate(boxes):
        assert one.x0 >= 0 and one.x1 <= figure.bbox.x1 and one.y0 >= 0
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    assert figure.axes[0].texts[2].get_text() == "over 99.9 % sure, row 1000000"
