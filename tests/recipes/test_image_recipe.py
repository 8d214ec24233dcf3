"""The image recipe as a user runs it: on digits, on a folder of pictures, and on mistakes."""

import json

import numpy as np
import pytest
import tensorflow as tf
from recipe_runs import run_here


@pytest.mark.slow
def test_digits_from_pixels_to_a_served_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_here("image-cnn", "--epochs", "4") == 0
    out = capsys.readouterr().out
    folder = tmp_path / "runs" / "digits" / "1"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.8 > metrics["baseline"]["majority"]["accuracy"]
    assert (folder / "plots" / "confident_errors.png").stat().st_size > 1000
    assert "picture.jpg" in out
    served = tf.saved_model.load(str(tmp_path / "saved_models" / "digits" / "1")).signatures
    one = np.zeros((40, 40, 3), "uint8")
    one[4:36, 18:23] = 255
    answer = served["serve_bytes"](image_bytes=tf.constant([tf.io.encode_jpeg(one).numpy()]))
    assert answer["label"].numpy()[0].decode() in "0123456789"
    assert answer["probabilities"].shape == (1, 10)


@pytest.mark.slow
def test_a_folder_of_pictures_with_a_broken_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for label, level in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(30):
            pixels = np.clip(random.normal(level, 20, (20, 24, 3)), 0, 255).astype("uint8")
            content = tf.io.encode_jpeg(pixels).numpy()
            (tmp_path / "photos" / label / f"{number}.jpg").write_bytes(content)
    (tmp_path / "photos" / "dark" / "0.jpg").write_bytes(b"no picture")
    flags = ["--images", "photos", "--epochs", "3", "--arch", "lenet", "--image-size", "16"]
    assert run_here("image-cnn", *flags) == 0
    error = capsys.readouterr().err
    assert "note: photos: 1 of 60 images" in error and "0.jpg" in error
    assert "UserWarning" not in error
    manifest = tmp_path / "saved_models" / "photos" / "1" / "assets.extra" / "kerakit.json"
    feature = json.loads(manifest.read_text())["spec"]["features"][0]
    assert (feature["kind"], feature["shape"]) == ("image", [16, 16, 3])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--images", "nowhere"], ["nowhere"]),
        (["--dataset", "iris"], ["kerakit train tabular-classification"]),
        (["--image-size", "32"], ["--images"]),
        (["--arch", "alexnet"], ["alexnet"]),
    ],
)
def test_bad_input_is_one_line(flags, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_here("image-cnn", *flags) == 2 and not list(tmp_path.iterdir())
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("error: ") and all(word in line for word in words)
