"""Evaluation of image classifiers, as users call it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from kerakit.data.data import Data, Table
from kerakit.evaluation import evaluate


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("channels", "classes"),
    [
        pytest.param(1, 10, marks=pytest.mark.slow),
        (3, 10),
        pytest.param(1, 2, marks=pytest.mark.slow),
    ],
)
def test_an_image_run_is_whole(pictures, tmp_path, channels, classes):
    data, model = pictures.digits(channels, classes), pictures.trained(channels, classes)
    report = evaluate(model, data, run_dir=tmp_path)
    test = data.table("test")
    p = model.predict(test.features["image"], verbose=0)
    assert report.test["accuracy"] == pytest.approx(np.mean(p.argmax(1) == test.target))
    assert list(report.baseline) == ["majority", "logistic"]
    assert set(report.plots) == {
        "confusion_matrix", "roc", "precision_recall", "reliability_diagram", "confident_errors",
    }  # fmt: skip
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in report.plots.values())
    page = report.path.read_text()
    assert page.count('src="data:image/png;base64,') == 5
    # A picture in base64 may spell "http" by chance, but has no colon.
    assert "http:" not in page and "https:" not in page
    assert "figure:not(.photos) img { filter" in page  # a photo is no negative on a dark page
    assert '<figure class="wide photos"><img alt="Confident errors' in page
    assert "The logistic baseline uses the pixels of images of 8 × 8" in page
    assert report.path.stat().st_size < 3_000_000
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert list(values["per_class"]) == [str(i) for i in range(classes)]
    wrong = sum(pair["count"] for pair in values["confused"])
    assert wrong <= np.sum(p.argmax(1) != test.target) and (classes > 2 or wrong)


@pytest.mark.drawing
def test_names_of_classes_in_any_script(pictures, tmp_path):
    names = ("x" * 200, "<b>\U0010fffd</b>")
    images = pictures.numbered(2)
    data = pictures.data(images, [0, 1], images, [0, 1], names)
    report = evaluate(pictures.answering([[0.2, 0.8], [0.6, 0.4]]), data, run_dir=tmp_path)
    page = report.path.read_text()
    assert "class 0, class 1, ..., numbered" in page
    assert "<td>&lt;b&gt;\U0010fffd&lt;/b&gt;</td>" in page and f"<td>{'x' * 200}</td>" in page


@pytest.mark.slow
@pytest.mark.training
def test_a_stream_gives_what_a_table_gives(pictures, tmp_path):
    data, model = pictures.digits(), pictures.trained()
    streamed = Data(data.train, None, data.test, data.spec)
    direct, stream = (
        evaluate(model, one, run_dir=tmp_path / name)
        for name, one in (("table", data), ("stream", streamed))
    )
    assert stream.test == pytest.approx(direct.test, abs=1e-6)
    assert stream.baseline["logistic"] == pytest.approx(direct.baseline["logistic"], abs=1e-6)
    assert stream.confused == direct.confused and stream.counts["train"] == 1078
    pictures_of = [r.plots["confident_errors"].read_bytes() for r in (direct, stream)]
    assert pictures_of[0] == pictures_of[1]


@pytest.mark.many
def test_precision_while_training_leaves_no_trace(pictures):
    """A prediction function that was traced in half precision is not used again."""
    import keras

    data, model = pictures.digits(), pictures.cnn((8, 8, 1), 10)
    images = data.table("test").features["image"]
    expected = pictures.cnn((8, 8, 1), 10).predict(images, verbose=0)
    layers = [layer for layer in model.get_layer("network").layers if layer.weights]
    for layer in layers:
        layer.dtype_policy = keras.dtype_policies.get("mixed_bfloat16")
    half = model.predict_on_batch(images)
    for layer in layers:
        layer.dtype_policy = keras.dtype_policies.get("float32")
    y = data.table("test").target
    losses = [
        -np.mean(np.log(np.asarray(p, "float64")[np.arange(len(y)), y])) for p in (expected, half)
    ]
    assert abs(losses[0] - losses[1]) > 1e-5  # else this proves nothing
    assert evaluate(model, data).test["log_loss"] == pytest.approx(losses[0], abs=1e-6)


@pytest.mark.many
def test_a_memory_map_larger_than_memory_is_read_by_the_row(pictures, tmp_path, monkeypatch):
    """300 GB of images in a sparse file: whoever asks for all of them fails at once."""
    monkeypatch.setattr("kerakit.evaluation.baselines.images.MAX_ROWS", 64)
    path, count, shape = tmp_path / "images.bin", 2_000_000, (224, 224, 3)
    with open(path, "wb") as file:
        file.truncate(count * int(np.prod(shape)))
    images = np.memmap(path, "uint8", "r", shape=(count, *shape))
    ids = (np.arange(count) % 2).astype("int32")
    data = Data(
        Table({"image": images}, ids),
        None,
        Table({"image": images[:20]}, ids[:20]),
        pictures.spec(shape, ("ant", "bee")),
    )
    report = evaluate(mean_model(shape), data)
    assert report.counts == {"train": count, "validation": None, "test": 20}
    assert "fitted on 64 of 2,000,000 training rows" in report.notes[0]


_FLAT = """
import sys, threading
import numpy as np, tensorflow as tf
sys.path[:0] = {tests!r}
from conftest import image_spec
from test_classification import mean_model
from kerakit.data.data import Data, Table
from kerakit.evaluation import evaluate

shape, model = (144, 144, 3), mean_model((144, 144, 3))

def stream(count):
    return tf.data.Dataset.range(count).map(lambda i: (
        {{"image": tf.fill(shape, tf.cast(i % 256, tf.uint8))}}, tf.cast(i % 2, tf.int32)
    ))

def table(count):
    images = np.memmap({folder!r} + "/images", "uint8", "w+", shape=(count, *shape))
    return Table({{"image": images}}, (np.arange(count) % 2).astype("int32"))

def peak_of(source, count):
    done, peak = threading.Event(), [0]
    def watch():
        while not done.wait(0.005):
            lines = open("/proc/self/status").read().splitlines()
            own = next(line for line in lines if line.startswith("RssAnon"))
            peak[0] = max(peak[0], int(own.split()[1]) / 1024)
    watcher = threading.Thread(target=watch)
    watcher.start()
    rows, spec = source(count), image_spec(shape, ("ant", "bee"), count, count)
    report = evaluate(model, Data(rows, None, rows, spec), run_dir={folder!r})
    assert report.counts["test"] == count and "logistic" in report.baseline
    done.set()
    watcher.join()
    return peak[0]

source = {{"stream": stream, "table": table}}[{source!r}]
peak_of(source, 400)
few, many = peak_of(source, 400), peak_of(source, 4000)  # in this order: memory is not given back
print(many - few)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads memory from /proc")
@pytest.mark.parametrize("source", ["stream", "table"])
def test_memory_does_not_grow_with_the_split(tmp_path, source):
    """4,000 images are 237 MB (949 MB as float32), their shrunken rows 12 MB."""
    here = os.path.dirname(__file__)
    tests = [here, os.path.dirname(here), os.path.dirname(os.path.dirname(here))]
    script = _FLAT.format(tests=tests, folder=str(tmp_path), source=source)
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert float(result.stdout.split()[-1]) < 120, result.stdout


def mean_model(shape):
    import keras

    image = keras.Input(shape, name="image", dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    return keras.Model(image, keras.layers.Dense(2, "softmax")(x))
