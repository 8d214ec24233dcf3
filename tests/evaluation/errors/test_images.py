import io

import numpy as np
import pytest

from kerakit.evaluation import evaluate
from kerakit.evaluation.batches import rows_per_batch
from kerakit.evaluation.errors.confident_errors import WrongPrediction
from kerakit.evaluation.errors.images import SIDE, display_size, plot_images
from kerakit.evaluation.plots.figure import png


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


@pytest.mark.drawing
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [1, 7, 20])
def test_words_and_pixels_of_the_grid(channels, count):
    from PIL import Image

    colour = np.array([250, 130, 10], "uint8")[:channels]
    image = np.broadcast_to(colour, (SIDE, SIDE, channels))
    errors = [WrongPrediction(40 + i, 0, 1, 0.75, image) for i in range(count)]
    figure = plot_images(errors, ["a$b", "x" * 10 + "y" * 90 + "end"])
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


@pytest.mark.many
@pytest.mark.parametrize("shape", [(SIDE, 5, 3), (5, SIDE, 1)])
def test_words_of_neighbours_do_not_overlap(shape):
    errors = [WrongPrediction(10**6, 0, 0, 0.99996, np.zeros(shape, "uint8"))] * 6
    figure = plot_images(errors, ["Ewige Würmer; und mehr davon"])
    png(figure)
    boxes = [text.get_window_extent() for axis in figure.axes for text in axis.texts]
    for i, one in enumerate(boxes):
        assert one.x0 >= 0 and one.x1 <= figure.bbox.x1 and one.y0 >= 0
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    assert figure.axes[0].texts[2].get_text() == "over 99.9 % sure, row 1000000"


@pytest.mark.drawing
def test_confident_errors_are_those_of_the_split_in_order(pictures, tmp_path, monkeypatch):
    """Rows 0, 1 and 3 are wrong, with 0.7, 0.9 and 0.8; two batches."""
    import kerakit.evaluation.tasks.classification as classification

    monkeypatch.setattr("kerakit.evaluation.batches.MAX_IMAGE_VALUES", 3 * 4)
    monkeypatch.setattr("kerakit.evaluation.batches.MIN_ROWS", 1)
    p = [[0.3, 0.7], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]]
    images, ids = pictures.numbered(4), [0, 1, 1, 0]
    data = pictures.data(images, ids, images, ids, ("ant", "bee"))
    assert rows_per_batch(data.spec) == 3
    drawn = []
    draw = classification.plot_images
    monkeypatch.setattr(
        classification, "plot_images", lambda *values: drawn.append(draw(*values)) or drawn[0]
    )
    evaluate(pictures.answering(p), data, run_dir=tmp_path)
    words = [[text.get_text() for text in axis.texts] for axis in drawn[0].axes]
    assert words == [
        ["true: bee", "predicted: ant", "90.0 % sure, row 1"],
        ["true: ant", "predicted: bee", "80.0 % sure, row 3"],
        ["true: ant", "predicted: bee", "70.0 % sure, row 0"],
    ]
    assert [int(axis.images[0].get_array()[0, 0]) for axis in drawn[0].axes] == [1, 3, 0]


@pytest.mark.drawing
def test_without_an_error_there_is_no_grid(pictures, tmp_path):
    images = pictures.numbered(2)
    data = pictures.data(images, [0, 1], images, [0, 1], ("ant", "bee"))
    report = evaluate(pictures.answering(np.eye(2)), data, run_dir=tmp_path)
    assert "confident_errors" not in report.plots and report.confused == ()
