"""Images as files, bytes and arrays are answered as pixels are."""

import io

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError
from kerakit.serving import export, load_served, predict

SPEC = Spec("multiclass", (Feature("photo", "image", "uint8", (6, 5, 1)),), classes=tuple("abc"))
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 6, 5, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 5, 1), dtype="uint8", name="photo")
    values = keras.layers.Rescaling(1 / 255)(image)
    values = keras.layers.Flatten()(keras.layers.Conv2D(4, 3)(values))
    answer = keras.layers.Dense(3, "softmax", bias_initializer="normal")(values)
    return keras.Model({"photo": image}, answer)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    import tensorflow as tf

    paths = [tmp_path_factory.getbasetemp() / f"photo{row}.png" for row in range(len(PIXELS))]
    for path, pixels in zip(paths, PIXELS, strict=True):
        path.write_bytes(tf.io.encode_png(pixels).numpy())
    return paths


def same(answer, expected):
    assert answer["label"].tolist() == expected["label"].tolist()
    np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])


@pytest.mark.many
def test_every_form_of_an_image_is_answered_as_its_pixels(model, files):
    expected = predict(model, PIXELS, SPEC)
    for rows in (
        {"photo": PIXELS},
        PIXELS[..., 0],
        PIXELS.astype("int64"),
        PIXELS.astype("float32"),
        list(PIXELS),
        files,
        [str(path) for path in files],
        np.array([str(path) for path in files]),
        pd.Series([str(path) for path in files]),
        [path.read_bytes() for path in files],
        (path for path in files),
        [io.BytesIO(path.read_bytes()) for path in files],
        [Image.open(path) for path in files],
    ):
        same(predict(model, rows, SPEC), expected)
    frame = pd.DataFrame({"photo": list(map(str, files))}, index=range(5, 14))
    answer = predict(model, frame, SPEC)
    assert answer["label"].tolist() == expected["label"].tolist()
    assert answer.index.tolist() == list(range(5, 14))
    one = predict(model, PIXELS[:1], SPEC)
    image = Image.open(files[0])
    for row in (PIXELS[0], PIXELS[0, ..., 0], files[0], str(files[0]), {"photo": files[0]}, image):
        same(predict(model, row, SPEC), one)


def test_fractions_are_pixels_as_in_training(model):
    with pytest.warns(UserWarning, match="multiplied by 255"):
        answer = predict(model, PIXELS / 255, SPEC)
    same(answer, predict(model, PIXELS, SPEC))


@pytest.mark.slow
@pytest.mark.export
def test_the_server_answers_the_same(model, files, tmp_path):
    served = load_served(
        export(model, SPEC, tmp_path / "m", examples={"photo": PIXELS}, verify=False)
    )
    expected = predict(model, PIXELS, SPEC)
    for rows in (PIXELS, files, {"photo": PIXELS}):
        same(served(rows), expected)
    encoded = [path.read_bytes() for path in files]
    answer = served._loaded.signatures["serve_bytes"](image_bytes=np.array(encoded, object))
    np.testing.assert_array_equal(answer["probabilities"].numpy(), expected["probabilities"])


@pytest.mark.many
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["none.png"], "predict: row 0 .*the image none.png cannot be read: No such file"),
        ([b"hello"], "row 0 .*: 5 bytes cannot be decoded. Expected a whole JPEG, PNG"),
        ([b"hello", 3], "row 1 .*, column 'photo': expected the path of an image"),
        (PIXELS + 0.0 - 5, "has values from -5 to"),
        (np.zeros((2, 5, 6, 1), "uint8"), r"must have the shape \(n, 6, 5, 1\)"),
        (["a.png", None], "row 1 .*expected the path of an image"),
    ],
)
def test_what_is_no_image_is_refused(model, rows, message):
    with pytest.raises(ArgumentError, match=message):
        predict(model, rows, SPEC)


@pytest.mark.many
def test_an_image_of_pillow_is_answered_as_its_file(model, tmp_path):
    """Another size, an alpha channel, a palette: as the file that the image would be saved to."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (12, 11, 4), dtype=np.uint8)
    for number, image in enumerate(
        [
            Image.fromarray(pixels[..., :3]),
            Image.fromarray(pixels),
            Image.fromarray(pixels[..., :3]).quantize(16),
        ]
    ):
        path = tmp_path / f"{number}.png"
        image.save(path)
        expected = predict(model, path, SPEC)
        same(predict(model, image, SPEC), expected)
        same(predict(model, [image], SPEC), expected)
    cmyk = Image.fromarray(pixels[..., :3]).convert("CMYK")
    same(predict(model, cmyk, SPEC), predict(model, cmyk.convert("RGB"), SPEC))


def test_no_images_are_no_answers(model):
    for rows in ([], PIXELS[:0]):
        answer = predict(model, rows, SPEC)
        assert answer["label"].shape == (0,) and answer["probabilities"].shape == (0, 3)
    message = r"row 1 .*shape \(6, 5, 1\). Got the shape \(4, 5, 1\)"
    with pytest.raises(ArgumentError, match=message):
        predict(model, [PIXELS[0], PIXELS[0, :4]], SPEC)
