"""Augmentation: what may change changes, within its range, and the same seed does the same."""

import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.spec import Spec
from kerakit.training.rows import augment
from kerakit.training.rows.augment import augmentation, flips, lit, mixed, shifted, warped


def seed(*values):
    return tf.constant(values, "int64")


def batch(count=64, side=16, channels=3):
    rng = np.random.default_rng(0)
    return tf.constant(rng.integers(0, 256, (count, side, side, channels)).astype("uint8"))


def test_a_shift_moves_whole_pixels_and_mirrors_at_the_border():
    images = np.arange(16, dtype="uint8").reshape(1, 1, 16, 1).repeat(16, 1).repeat(200, 0)
    moved = shifted(tf.constant(images), seed(0, 1)).numpy()
    assert moved.dtype == np.uint8
    by = set()
    for row in moved[:, 5, :, 0].astype(int):
        step = row[8] - 8  # the middle is not mirrored
        expected = np.abs(np.arange(16) + step)
        expected = np.minimum(expected, 30 - expected)
        np.testing.assert_array_equal(row, expected)
        by.add(step)
    assert by == {-2, -1, 0, 1, 2}  # an eighth of 16


def test_rows_shift_as_columns_do():
    images = np.arange(16, dtype="uint8").reshape(1, 16, 1, 1).repeat(16, 2).repeat(200, 0)
    moved = shifted(tf.constant(images), seed(0, 1)).numpy()
    assert set(moved[:, 8, 3, 0].astype(int) - 8) == {-2, -1, 0, 1, 2}


def test_a_warp_moves_an_image_no_further_than_it_may():
    """A bright point off the middle stays within shift, rotation and zoom of its place."""
    side = 65
    images = np.zeros((300, side, side, 1), "uint8")
    images[:, 26:39, 46:59] = 255  # about (32, 52): 20 pixels right of the middle
    location = _centres(warped(tf.constant(images), seed(0, 1), flip=False).numpy())
    shift = side * augment.SHIFT
    assert np.abs(location[:, 0] - 32).max() <= shift + 22 * np.sin(augment.ROTATION) + 0.5
    assert np.abs(location[:, 1] - 52).max() <= shift + 2 + 0.5  # zoom: 10 % of 20
    assert location.std(0).min() > 3  # and it does move
    assert (location[:, 1] > 32).all()
    mirrored = _centres(warped(tf.constant(images), seed(0, 1), flip=True).numpy())
    assert 0.4 < np.mean(mirrored[:, 1] < 32) < 0.6


def test_a_warp_of_nothing_is_the_image(monkeypatch):
    for name, value in (("SHIFT", 0.0), ("ROTATION", 0.0), ("ZOOM", 1.0)):
        monkeypatch.setattr(augment, name, value)
    images = batch()
    same = warped(images, seed(0, 1), flip=False)
    np.testing.assert_allclose(same, images, atol=1e-3)
    either = warped(images, seed(0, 1), flip=True).numpy()
    kinds = {
        (np.allclose(one, image, atol=1e-3), np.allclose(one, image[:, ::-1], atol=1e-3))
        for one, image in zip(either, images.numpy(), strict=True)
    }
    assert kinds == {(True, False), (False, True)}


def test_an_image_turns_about_its_middle(monkeypatch):
    for name, value in (("SHIFT", 0.0), ("ROTATION", np.pi), ("ZOOM", 1.0)):
        monkeypatch.setattr(augment, name, value)
    images = np.zeros((200, 65, 65, 1), "uint8")
    images[:, 30:35, 38:43] = 255  # 8 pixels right of the middle
    location = _centres(warped(tf.constant(images), seed(0, 1), flip=False).numpy()) - 32
    np.testing.assert_allclose(np.hypot(*location.T), 8, atol=0.3)
    angles = np.arctan2(*location.T)
    assert angles.min() < -3 and angles.max() > 3  # all the way round


def _centres(images):
    images = images[..., 0]
    total = images.sum((1, 2))
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    return (
        np.stack([(images * rows).sum((1, 2)), (images * columns).sum((1, 2))], 1) / total[:, None]
    )


def test_light_changes_contrast_and_brightness_in_their_range():
    images = np.full((500, 8, 8, 1), 100, "uint8")
    images[:, :4] = 120
    seen = lit(tf.constant(images), seed(3, 4), 0.1).numpy()
    contrast = (seen[:, 0, 0, 0] - seen[:, 7, 0, 0]) / 20
    brightness = seen.mean((1, 2, 3)) - 110
    for values, middle, size in ((contrast, 1, 0.1), (brightness, 0, 12.8)):
        assert np.abs(values - middle).max() <= size * 1.001
        assert np.abs(values - middle).max() > 0.95 * size
        assert abs(values.mean() - middle) < size / 8
    extreme = lit(tf.constant([[[[0]], [[255]]]] * 50, tf.uint8), seed(0, 0), 0.2).numpy()
    assert extreme.min() >= 0 and extreme.max() <= 255


def test_mixing_shares_pixels_and_labels_alike():
    """Image i is all i: what is left of a pixel's own is the label's share, by hand."""
    count, classes = 64, 64
    images = tf.ones((count, 10, 10, 3)) * tf.reshape(
        tf.range(count, dtype="float32"), (-1, 1, 1, 1)
    )
    target = tf.eye(classes)
    mixed_images, rows, weight = mixed(images, target, None, seed(0, 0))
    rows, mixed_images = rows.numpy(), mixed_images.numpy()
    assert weight is None
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-5)
    cut = 0
    for number in range(count):
        other = (number - 1) % count
        assert set(np.flatnonzero(rows[number] > 1e-6)) <= {number, other}
        share = rows[number, number]
        expected = share * number + (1 - share) * other
        assert mixed_images[number].mean() == pytest.approx(expected, abs=1e-3)
        values = np.unique(mixed_images[number].round(3))
        if 0.01 < share < 0.99 and len(values) == 2:
            cut += 1
            assert set(values) == {number, other}  # a box, pasted as it is
            box = np.argwhere(mixed_images[number, :, :, 0] == other)
            area = np.prod(box.max(0) - box.min(0) + 1)
            assert area == len(box) == round((1 - share) * 100)
    assert count / 5 < cut < count * 4 / 5


@pytest.mark.many
def test_boxes_are_of_uniform_area_and_cut_at_the_border():
    """Of a side s = sqrt(u) the border leaves s - s^2 / 4 on average, on both axes alike.

    The mean area is that of s^2 - s^3 / 2 + s^4 / 16: 1/2 - 1/5 + 1/48.
    """
    left = augment._outside_a_box(20_000, 32, 24, seed(0, 0)).numpy()
    assert set(np.unique(left)) == {0.0, 1.0}
    assert 1 - left.mean() == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.008)


def test_mixed_weights_keep_the_loss_of_both_images():
    """The weighted loss is linear in the target: it is the sum of the two images' own."""
    images, target = tf.zeros((8, 6, 6, 1)), tf.eye(8)
    weight = tf.constant([0.0, 1, 2, 3, 4, 5, 6, 7])
    plain = mixed(images, target, None, seed(1, 2))[1].numpy()
    _, rows, weights = mixed(images, target, weight, seed(1, 2))
    expected = plain * weight.numpy()[None, :]  # each class is one image here
    np.testing.assert_allclose(rows.numpy() * weights.numpy()[:, None], expected, atol=1e-5)


@pytest.mark.many
@pytest.mark.parametrize("level", ["light", "standard", "strong"])
def test_the_same_seed_and_step_give_the_same_pixels_and_others_do_not(level, pictures):
    spec = pictures().spec
    run = tf.function(augmentation(level, spec))
    raw = ({"image": batch(16, 12)}, tf.one_hot([0, 1, 2, 1] * 4, 3))
    first, again = run(raw, seed(5, 7)), run(raw, seed(5, 7))
    assert first[0]["image"].dtype == tf.uint8
    for one, two in zip(tf.nest.flatten(first), tf.nest.flatten(again), strict=True):
        np.testing.assert_array_equal(one, two)
    for other in (seed(5, 8), seed(6, 7)):
        assert np.mean(run(raw, other)[0]["image"] != first[0]["image"]) > 0.5


def test_digits_and_letters_are_not_mirrored(pictures):
    for classes, expected in (
        (("0", "1", "2"), False),
        (("10", "7"), False),
        (("a", "B"), False),
        (("cat", "7"), True),
        (("airplane", "ship"), True),
    ):
        assert flips(Spec("multiclass", (), classes=classes)) is expected
    images = np.zeros((64, 12, 12, 3), "uint8")
    images[:, :, 9:] = 255  # bright on the right
    for classes, mirrored in ((("0", "1", "2"), False), (("cat", "dog", "emu"), True)):
        change = augmentation("standard", pictures(classes=classes).spec)
        (answer, _) = change(({"image": tf.constant(images)}, tf.zeros(64)), seed(0, 0))
        left = answer["image"].numpy()[:, :, :2].mean((1, 2, 3)) > 128
        assert left.any() == mirrored


def test_none_is_nothing_and_mixing_needs_labels(pictures):
    import dataclasses

    spec = pictures().spec
    assert augmentation("none", spec) is augmentation(None, spec) is None
    numbers = dataclasses.replace(spec, task="regression", classes=())
    assert augmentation("standard", numbers) is not None
    with pytest.raises(kk.ArgumentError, match="'strong'.*regression.*'standard'"):
        augmentation("strong", numbers)
