"""The signatures for `tf.Example`s and encoded images, and models of other data than tables."""

import base64
import json
import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf
from serving_cases import make_spec, make_table, predict

from kerakit.builders.answering import answering
from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError
from kerakit.serving import curl_line, export, load_served
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.signatures import signature_names
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.exporting.endpoints import build_endpoints

pytestmark = pytest.mark.export


def signatures(path):
    return tf.saved_model.load(str(path)).signatures


def example(**features):
    """A serialised tf.Example, as a client writes it."""
    message = tf.train.Example()
    for name, value in features.items():
        feature = message.features.feature[name]
        values = np.ravel(value).tolist()
        if isinstance(values[0], str):
            feature.bytes_list.value.extend(v.encode() for v in values)
        elif isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return message.SerializeToString()


def rows_of(table):
    names = list(table.features)
    for values in zip(*table.features.values(), strict=True):
        row = dict(zip(names, values, strict=True))
        yield {k: v if isinstance(v, str) else float(v) for k, v in row.items()}


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("binary", {"serving_default", "classify"}),
        ("multiclass", {"serving_default", "classify"}),
        ("multilabel", {"serving_default"}),
        ("regression", {"serving_default", "regress"}),
        ("targets", {"serving_default"}),
        ("quantiles", {"serving_default", "regress"}),
    ],
)
def test_each_task_has_the_signatures_that_the_server_can_answer(case, names, exports):
    assert set(signatures(exports[case])) == names
    assert set(read_manifest(exports[case])["signatures"]) == names
    assert signature_names(make_spec(case))[0] == "serving_default"


@pytest.mark.parametrize("case", ["binary", "multiclass"])
def test_classify_gives_every_class_with_its_score(case, exports, models):
    spec, table = make_spec(case), make_table(make_spec(case))
    function = signatures(exports[case])["classify"]
    answer = function(inputs=tf.constant([example(**row) for row in rows_of(table)]))
    assert (answer["classes"].dtype, answer["scores"].dtype) == (tf.string, tf.float32)
    assert answer["classes"].shape == answer["scores"].shape == (40, len(spec.classes))
    labels = [[label.decode() for label in row] for row in answer["classes"].numpy()]
    assert labels == [list(spec.classes)] * 40
    np.testing.assert_allclose(answer["scores"], predict(models[case], table.features), atol=1e-6)


@pytest.mark.parametrize(("case", "column"), [("regression", ...), ("quantiles", (..., 1))])
def test_regress_gives_one_number_a_row(case, column, exports, models):
    table = make_table(make_spec(case))
    function = signatures(exports[case])["regress"]
    answer = function(inputs=tf.constant([example(**row) for row in rows_of(table)]))
    assert list(answer) == ["outputs"]
    assert (answer["outputs"].dtype, answer["outputs"].shape) == (tf.float32, (40,))
    wanted = predict(models[case], table.features)[column]
    np.testing.assert_allclose(answer["outputs"], wanted, atol=5e-5)


def test_an_example_must_hold_every_feature_in_its_type(exports):
    function = signatures(exports["regression"])["regress"]
    row = {"acidity": 7.0, "alcohol": 9.0, "kind": "red"}
    whole = function(inputs=tf.constant([example(**row)]))["outputs"]
    more = function(inputs=tf.constant([example(**row, ash=1.0)]))["outputs"]
    np.testing.assert_array_equal(whole, more)
    with pytest.raises(tf.errors.InvalidArgumentError, match="alcohol.*is required"):
        function(inputs=tf.constant([example(acidity=7.0, kind="red")]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="(?i)data type"):
        function(inputs=tf.constant([example(**{**row, "alcohol": 9})]))


@pytest.mark.parametrize("case", ["binary", "multiclass", "regression", "quantiles"])
def test_example_requests_can_be_posted(case, exports):
    """Floats are written with a point, and the response is what the signature answers."""
    manifest = read_manifest(exports[case])
    name = "regress" if case in ("regression", "quantiles") else "classify"
    stated = manifest["signatures"][name]
    body = json.loads(json.dumps(stated["example"]["request"]))
    assert body["signature_name"] == name
    assert isinstance(body["examples"][0]["alcohol"], float)
    assert stated["method"] == name
    answer = signatures(exports[case])[name](inputs=tf.constant([example(**body["examples"][0])]))
    (response,) = stated["example"]["response"]["results"]
    if name == "regress":
        np.testing.assert_allclose(answer["outputs"], [response], atol=5e-5)
        assert stated["outputs"]["outputs"] == {
            "dtype": "float32",
            "shape": [None],
            "unit": "points",
        }
    else:
        assert [label for label, _ in response] == manifest["classes"]
        np.testing.assert_allclose(answer["scores"], [[s for _, s in response]], atol=1e-6)


@pytest.fixture(scope="module")
def image_case():
    """A tiny CNN on colour pictures of 6x5 pixels, sent as bytes 0 to 255."""
    keras.utils.set_random_seed(0)
    inputs = {"image": keras.Input((6, 5, 3), dtype="uint8", name="image")}
    values = keras.layers.Rescaling(1 / 255)(inputs["image"])
    values = keras.layers.Conv2D(4, 3, activation="relu")(values)
    values = keras.layers.Flatten()(values)
    values = keras.layers.Dense(3, "softmax", bias_initializer="normal")(values)
    feature = Feature("image", "image", "uint8", (6, 5, 3))
    spec = Spec("multiclass", (feature,), classes=("cat", "dog", "owl"))
    images = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), "uint8")
    return keras.Model(inputs, values), spec, images


def test_images_are_served_from_encoded_bytes(image_case, tmp_path, one_process):
    model, spec, images = image_case
    path = export(model, spec, tmp_path / "m", examples={"image": images})
    served = signatures(path)
    assert list(read_manifest(path)["signatures"]) == ["serving_default", "classify", "serve_bytes"]
    expected = model.predict({"image": images}, verbose=0)
    for encode in (tf.io.encode_png, bmp):
        files = tf.constant([encode(image).numpy() for image in images])
        answer = served["serve_bytes"](image_bytes=files)
        assert set(answer) == {"label", "confidence", "probabilities"}
        np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    # A larger JPEG in grey of one shade: whatever the resizing, the shade stays.
    grey = tf.io.encode_jpeg(np.full((24, 20, 1), 77, "uint8"), quality=100)
    answer = served["serve_bytes"](image_bytes=tf.stack([grey, grey]))
    plain = model.predict({"image": np.full((2, 6, 5, 3), 77, "uint8")}, verbose=0)
    np.testing.assert_allclose(answer["probabilities"], plain, atol=1e-4)
    with pytest.raises(tf.errors.InvalidArgumentError):
        served["serve_bytes"](image_bytes=tf.constant([b"no picture"]))


def test_the_example_of_an_image_is_a_picture_in_base64(image_case, tmp_path):
    model, spec, images = image_case
    path = export(model, spec, tmp_path / "m", examples={"image": images}, verify=False)
    stated = read_manifest(path)["signatures"]["serve_bytes"]
    (sent,) = stated["example"]["request"]["instances"]
    content = base64.b64decode(sent["image_bytes"]["b64"], validate=True)
    np.testing.assert_array_equal(tf.io.decode_png(content), images[0])
    (came,) = stated["example"]["response"]["predictions"]
    expected = model.predict({"image": images[:1]}, verbose=0)[0]
    np.testing.assert_allclose(came["probabilities"], expected, atol=1e-6)


@pytest.mark.process
def test_the_curl_line_of_an_image_model_sends_a_file(image_case, tmp_path):
    model, spec, images = image_case
    path = export(model, spec, tmp_path / "m", examples={"image": images}, verify=False)
    line = curl_line(path)
    assert line.endswith("| curl -d @- http://localhost:8501/v1/models/m:predict")
    picture = tf.io.encode_jpeg(np.full((300, 200, 3), 90, "uint8")).numpy()
    (tmp_path / "picture.jpg").write_bytes(picture)
    shell = line.replace("curl -d @- http://localhost:8501/v1/models/m:predict", "cat")
    sent = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=True)
    body = json.loads(sent.stdout)
    assert body["signature_name"] == "serve_bytes"
    assert base64.b64decode(body["instances"][0]["image_bytes"]["b64"]) == picture


def test_a_wide_sample_is_kept_short_and_a_line_a_row(tmp_path, one_process):
    """Sixteen photographs, not thirty-two, and a file that an editor opens."""
    inputs = {"image": keras.Input((40, 40, 3), dtype="uint8", name="image")}
    values = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs["image"]))
    values = keras.layers.Dense(2, "softmax", bias_initializer="normal")(values)
    spec = Spec("binary", (Feature("image", "image", "uint8", (40, 40, 3)),), classes=("a", "b"))
    images = np.random.default_rng(0).integers(0, 256, (50, 40, 40, 3), "uint8")
    path = export(keras.Model(inputs, values), spec, tmp_path / "m", examples={"image": images})
    manifest = read_manifest(path)
    np.testing.assert_array_equal(manifest["golden"]["inputs"]["image"], images[:16])
    assert len((path / MANIFEST).read_text().splitlines()) < 400


def test_pixels_are_normalised_as_the_spec_says(tmp_path, checking, one_process):
    """A channel's mean of other training images is told, at export and by verify."""
    normalise = keras.layers.Normalization(mean=[90.0, 100.0, 110.0], variance=[9.0, 16.0, 25.0])
    inputs = {"image": keras.Input((4, 4, 3), dtype="uint8", name="image")}
    pixels = keras.layers.Rescaling(1.0)(inputs["image"])
    preprocess = keras.Model(inputs, normalise(pixels), name="preprocess")
    values = keras.layers.GlobalAveragePooling2D()(preprocess(inputs))
    values = keras.layers.Dense(2, "softmax", bias_initializer="normal")(values)
    model = keras.Model(inputs, values)
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), "uint8")

    def spec(*mean):
        statistics = {"mean": mean, "variance": (9.0, 16.0, 25.0)}
        feature = Feature("image", "image", "uint8", (4, 4, 3), **statistics)
        return Spec("binary", (feature,), classes=("a", "b"))

    with pytest.raises(ArgumentError, match="mean of 110, where the spec says 111"):
        export(model, spec(90.0, 100.0, 111.0), tmp_path / "m", examples={"image": images})
    path = export(model, spec(90.0, 100.0, 110.0), tmp_path / "m", examples={"image": images})
    (found,) = [c.detail for c in checking(path).checks if c.name == "preprocessing"]
    assert found.startswith("3 means and variances")


def bmp(image):
    """A Windows bitmap of 24 bits, by hand: rows from the bottom, blue first, padded to 4."""
    height, width, _ = image.shape
    padding = b"\0" * (-3 * width % 4)
    rows = b"".join(image[row, :, ::-1].tobytes() + padding for row in reversed(range(height)))
    numbers = [54 + len(rows), 0, 54, 40, width, height]
    head = b"BM" + b"".join(n.to_bytes(4, "little") for n in numbers)
    head += (1).to_bytes(2, "little") + (24).to_bytes(2, "little")
    head += b"".join(n.to_bytes(4, "little") for n in (0, len(rows), 2835, 2835, 0, 0))
    return tf.constant(head + rows)


def test_texts_are_scalars(tmp_path, one_process):
    inputs = {"text": keras.Input((), dtype="string", name="text")}
    words = keras.layers.TextVectorization(
        vocabulary=["good", "bad", "größer"], output_mode="count"
    )
    values = keras.layers.Dense(2, "softmax", bias_initializer="normal")(words(inputs["text"]))
    spec = Spec("binary", (Feature("text", "text", "string"),), classes=("no", "yes"))
    texts = np.array(["good bad", "größer!", "", "数"] * 4, object)
    model = keras.Model(inputs, values)
    path = export(model, spec, tmp_path / "m", examples={"text": texts})
    request = read_manifest(path)["signatures"]["serving_default"]["example"]["request"]
    assert request == {"instances": [{"text": "good bad"}]}
    answer = signatures(path)["classify"](inputs=tf.constant([example(text=t) for t in texts]))
    expected = model.predict({"text": tf.constant(texts.tolist())}, verbose=0)
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-6)


def test_sequences_of_unequal_length_are_padded_with_nan(tmp_path, one_process):
    inputs = {"steps": keras.Input((None, 2), name="steps")}
    known = keras.ops.logical_not(keras.ops.isnan(inputs["steps"]))
    values = keras.ops.where(known, inputs["steps"], 0.0)
    values = keras.layers.GRU(4)(values, mask=keras.ops.any(known, axis=-1))
    values = keras.layers.Dense(2, "softmax", bias_initializer="normal")(values)
    model = keras.Model(inputs, values)
    spec = Spec("binary", (Feature("steps", "sequence", shape=(None, 2)),), classes=("a", "b"))
    steps = np.random.default_rng(1).normal(size=(16, 5, 2)).astype("float32")
    steps[1, 3:] = np.nan
    path = export(model, spec, tmp_path / "m", examples={"steps": steps})
    short = [steps[0], steps[1, :3]]
    answer = signatures(path)["classify"](inputs=tf.constant([example(steps=s) for s in short]))
    expected = model.predict({"steps": steps[:2]}, verbose=0)
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-5)
    kinds = {node.op for node in signatures(path)["classify"].graph.as_graph_def().node}
    assert not [kind for kind in kinds if "udnn" in kind]


def test_integers_and_bytes_reach_the_model_as_such(tmp_path, one_process):
    """An Example has 64-bit integers only; the graph gives the model its own type."""
    inputs = {
        "count": keras.Input((), dtype="int32", name="count"),
        "levels": keras.Input((3,), dtype="uint8", name="levels"),
    }
    stacked = keras.ops.concatenate(
        [
            keras.ops.cast(inputs["count"], "float32")[:, None],
            keras.ops.cast(inputs["levels"], "float32"),
        ],
        axis=-1,
    )
    values = keras.layers.Dense(1, bias_initializer="normal")(stacked)
    model = keras.Model(inputs, keras.layers.Reshape(())(values))
    features = (
        Feature("count", dtype="int32"),
        Feature("levels", dtype="uint8", shape=(3,)),
    )
    spec = Spec("regression", features, Target(("y",), None, (0.0,), (1.0,)))
    sample = {
        "count": np.arange(-8, 8, dtype="int32"),
        "levels": np.arange(48, dtype="uint8").reshape(16, 3),
    }
    path = export(model, spec, tmp_path / "m", examples=sample)
    sent = read_manifest(path)["signatures"]["regress"]["example"]["request"]["examples"][0]
    assert sent == {"count": -8, "levels": [0, 1, 2]}
    files = [example(count=int(c), levels=v) for c, v in zip(*sample.values(), strict=True)]
    answer = signatures(path)["regress"](inputs=tf.constant(files))["outputs"]
    np.testing.assert_allclose(answer, model.predict(sample, verbose=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(load_served(path)(sample)["prediction"], answer, rtol=1e-6)


def test_the_first_endpoint_is_the_default_and_all_are_batched(image_case):
    model, spec, _ = image_case
    endpoints = build_endpoints(answering(model, "export"), spec)
    assert list(endpoints) == ["serving_default", "classify", "serve_bytes"]
    for name in ("classify", "serve_bytes"):
        assert endpoints[name].inputs.shape.as_list() == [None]


def test_planted_another_answer_of_another_signature(exports, tmp_path, failed):
    """A classify signature whose classes are in another order is caught."""
    inner = tf.saved_model.load(str(exports["binary"]))
    classify = inner.signatures["classify"]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def swapped(inputs):
        answer = classify(inputs=inputs)
        return {**answer, "classes": answer["classes"][:, ::-1]}

    path = tmp_path / "m" / "1"
    path.mkdir(parents=True)
    for part in ("assets", "assets.extra"):
        (path / part).mkdir()
        for file in (exports["binary"] / part).iterdir():
            (path / part / file.name).write_bytes(file.read_bytes())
    root = tf.Module()
    root.inner, root.swapped = inner, swapped
    tf.saved_model.save(root, str(path), signatures={**inner.signatures, "classify": swapped})
    assert failed(path) == {"other signatures": "classify answers with the classes ['yes', 'no']"}
