"""Arrays of images."""

import numpy as np
import pytest

from kerakit.data import load_arrays
from kerakit.data.storage.mapped import is_mapped
from kerakit.errors import DataError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 5, 4, 3), dtype=np.uint8)
LABELS = np.array(["cat", "dog"] * 20)


@pytest.mark.parametrize(
    ("x", "shape"),
    [(PIXELS, (5, 4, 3)), (PIXELS[..., :1], (5, 4, 1)), (PIXELS[..., 0], (5, 4, 1))],
)
def test_uint8_is_taken_as_it_is(x, shape):
    data = load_arrays(x, LABELS)
    (feature,) = data.spec.features
    assert (feature.name, feature.kind, feature.dtype) == ("image", "image", "uint8")
    assert feature.shape == shape and data.spec.task == "binary"
    train = data.table("train").features["image"]
    assert train.dtype == np.uint8
    flat = train.reshape(-1, shape[-1]).astype(float)
    np.testing.assert_allclose(feature.mean, flat.mean(axis=0))
    np.testing.assert_allclose(feature.variance, flat.var(axis=0))
    np.testing.assert_array_equal(feature.minimum, flat.min(axis=0))
    np.testing.assert_array_equal(feature.maximum, flat.max(axis=0))
    every = [data.table(split).features["image"] for split in data.spec.sizes]
    known = {image.tobytes() for image in x}
    assert {image.tobytes() for part in every for image in part} == known


def test_other_numbers_are_brought_to_uint8():
    plain = load_arrays(PIXELS, LABELS)

    def same(data):
        return all(
            np.array_equal(data.table(s).features["image"], plain.table(s).features["image"])
            for s in plain.spec.sizes
        )

    assert same(load_arrays(PIXELS.astype(int), LABELS))
    assert same(load_arrays(PIXELS.astype(np.float64) + 0.4 * (PIXELS < 255), LABELS))
    assert same(load_arrays(PIXELS.tolist(), LABELS))
    with pytest.warns(UserWarning, match=r"lie in \[0, 1\] and are multiplied by 255") as caught:
        assert same(load_arrays(PIXELS.astype(np.float32) / 255, LABELS))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="multiplied"):
        flags = load_arrays(PIXELS > 100, LABELS)
    assert set(np.unique(flags.table("test").features["image"])) == {0, 255}


def test_a_test_set_has_the_range_of_the_training_images():
    dark = np.ones_like(PIXELS[:2], float)  # no value over 1, and yet in [0, 255]
    data = load_arrays(PIXELS.astype(float), LABELS, test=(dark, LABELS[:2]))
    assert data.table("test").features["image"].max() == 1
    with pytest.raises(DataError, match=r"\(test\): x has values up to 7, and those of the train"):
        load_arrays(PIXELS / 255, LABELS, test=(dark * 7, LABELS[:2]))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (PIXELS.astype(float) - 1, r"values from -1 to 254.*\(x \+ 1\) / 2"),
        (PIXELS.astype(np.uint16) * 257, r"to 65535.*x // 257"),
        (PIXELS * np.nan, "from nan"),
        (np.concatenate([PIXELS, PIXELS], -1), r"has shape \(40, 5, 4, 6\).*1 or 3 channels"),
        (PIXELS[..., :0], "has shape"),
        (PIXELS[:0], "has no rows"),
        (PIXELS.astype(complex), "dtype complex128"),
    ],
)
def test_what_is_no_image_is_refused_with_a_way_out(x, message):
    with pytest.raises(DataError, match=message):
        load_arrays(x, LABELS[: len(x)])


def test_a_target_of_numbers_and_sizes_that_differ():
    data = load_arrays(PIXELS, np.linspace(3, 5, 40), task="regression")
    assert data.spec.task == "regression" and data.spec.features[0].kind == "image"
    with pytest.raises(DataError, match=r"has shape \('n', 3, 4, 3\).*\('n', 5, 4, 3\)"):
        load_arrays(PIXELS, LABELS, test=(PIXELS[:, :3], LABELS))
    with pytest.raises(DataError, match="x has 40 rows and 'target' has 39"):
        load_arrays(PIXELS, LABELS[:39])


def test_an_array_in_a_file_is_not_copied_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("kerakit.data.storage.mapped._IN_MEMORY", 100)
    np.save(tmp_path / "x.npy", PIXELS)
    data = load_arrays(np.load(tmp_path / "x.npy", mmap_mode="r"), LABELS)
    assert is_mapped(data.table("train").features["image"])
    assert data.spec == load_arrays(PIXELS, LABELS).spec
