"""What a client may send to a model of images by mistake: an error of its own, never a crash."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import first, needs

import kerakit as kk
from kerakit.data.spec import Feature, Spec
from kerakit.serving import export, load_served

SHAPE = (6, 5, 3)


@pytest.fixture(scope="module")
@needs("export")
def served_images(tmp_path_factory):
    """A loaded export of a small classifier, its pixels, and what it answers for them."""
    keras.utils.set_random_seed(0)
    inputs = {"image": keras.Input(SHAPE, dtype="uint8", name="image")}
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs["image"]))
    values = keras.layers.Dense(2, "softmax", bias_initializer="normal")(values)
    spec = Spec("multiclass", (Feature("image", "image", "uint8", SHAPE),), classes=("a", "b"))
    images = np.random.default_rng(0).integers(0, 256, (8, *SHAPE), "uint8")
    model = keras.Model(inputs, values)
    base = tmp_path_factory.mktemp("images") / "m"
    path = export(model, spec, base, examples={"image": images}, verify=False)
    return path, images, model.predict({"image": images}, verbose=0)


def broken_files():
    rng = np.random.default_rng(1)
    jpeg = tf.io.encode_jpeg(rng.integers(0, 256, (40, 40, 3), "uint8")).numpy()
    png = tf.io.encode_png(rng.integers(0, 256, (40, 40, 3), "uint8")).numpy()
    return {
        "nothing": b"",
        "text": b"no picture",
        "noise": rng.bytes(4000),
        "a jpeg's first bytes, then noise": jpeg[:20] + rng.bytes(2000),
        "a png's first bytes, then noise": png[:33] + rng.bytes(2000),
        "the head of a png alone": png[:30],
        "a gif's name": b"GIF89a" + rng.bytes(50),
        "a bmp's name": b"BM" + rng.bytes(60),
        "a webp's name": b"RIFF\x10\x00\x00\x00WEBP" + rng.bytes(50),
    }


@pytest.mark.parametrize("name", first(2, broken_files()))
def test_broken_bytes_are_the_client_s_error(name, served_images):
    path, images, expected = served_images
    signature = tf.saved_model.load(str(path)).signatures["serve_bytes"]
    # InvalidArgument is what TensorFlow Serving answers as HTTP 400.
    with pytest.raises(tf.errors.InvalidArgumentError):
        signature(image_bytes=tf.constant([broken_files()[name]]))
    # One broken file among good ones is refused as well, and the next request is answered.
    files = [tf.io.encode_png(image).numpy() for image in images]
    with pytest.raises(tf.errors.InvalidArgumentError):
        signature(image_bytes=tf.constant([files[0], broken_files()[name]]))
    answer = signature(image_bytes=tf.constant(files))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 6, 5, 1), (1, 6, 5, 4), (1, 6, 5), (1, 7, 5, 3)])
def test_pixels_of_another_shape_are_refused(shape, served_images):
    path, images, expected = served_images
    served = load_served(path)
    with pytest.raises(ValueError) as caught:
        served({"image": np.zeros(shape, "uint8")})
    assert isinstance(caught.value, kk.KerakitError), repr(caught.value)
    np.testing.assert_allclose(served({"image": images})["probabilities"], expected, atol=1e-5)
