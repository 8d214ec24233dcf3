"""Each planted fault is caught, by the check that is there for it.

One process checks all the exports, since loading TensorFlow once more for each fault would
take minutes.
"""

import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.exporting.warmup import WARMUP


@pytest.fixture
def copy(exports, tmp_path):
    """Copy the export of a case, to be spoiled."""

    def copied(case):
        return pathlib.Path(shutil.copytree(exports[case], tmp_path / case / "1"))

    return copied


def edit(path, change):
    manifest = json.loads((path / MANIFEST).read_text())
    change(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))


def plant(path, spoil, **options):
    """Replace the SavedModel of an export by one whose answers go through `spoil`."""
    inner = tf.saved_model.load(str(path))
    served = inner.signatures["serving_default"]
    batch = options.pop("batch", None)
    specs = {
        name: tf.TensorSpec([batch], spec.dtype, name=name)
        for name, spec in served.structured_input_signature[1].items()
    }

    @tf.function(input_signature=[specs], **options)
    def function(features):
        return spoil(served(**features))

    root = tf.Module()
    root.inner, root.function = inner, function
    tf.saved_model.save(
        root, str(path), signatures={**inner.signatures, "serving_default": function}
    )
    return path


@pytest.mark.parametrize("case", ["binary", "multiclass", "multilabel", "targets", "quantiles"])
def test_a_good_export_passes(case, exports, failed):
    assert failed(exports[case]) == {}


def test_planted_swapped_labels(copy, failed):
    def swap(answer):
        label = answer["label"]
        return {**answer, "label": tf.where(label == "no", tf.constant("yes"), tf.constant("no"))}

    found = failed(plant(copy("binary"), swap))
    assert "label, row 0: expected" in found["golden sample"]


def test_planted_swapped_labels_in_files(copy, failed):
    path = copy("binary")
    (path / "assets" / "labels.txt").write_text("yes\nno\n")
    assert "labels" in failed(path)


def test_planted_multilabel_switched_off(copy, failed):
    def switch(answer):
        return {**answer, "labels": tf.fill(tf.shape(answer["labels"]), "")}

    assert "labels, row" in failed(plant(copy("multilabel"), switch))["golden sample"]


def test_planted_golden_values(copy, failed):
    path = copy("regression")

    def change(manifest):
        manifest["golden"]["outputs"]["prediction"][3] += 0.01

    edit(path, change)
    assert "prediction, row 3" in failed(path)["golden sample"]


def test_planted_changed_weights(copy, failed):
    path = copy("regression")
    (data,) = (path / "variables").glob("variables.data-*")
    content = bytearray(data.read_bytes())
    weights = np.frombuffer(content, "float32", count=8)
    content[:32] = (weights + np.float32(0.5)).tobytes()
    data.write_bytes(content)
    assert {"golden sample", "loads"} & set(failed(path))


def test_planted_normalisation_that_differs_from_the_spec(copy, failed):
    path = copy("regression")
    edit(path, lambda manifest: manifest["spec"]["features"][1].update(mean=10.6))
    assert failed(path)["preprocessing"] == "a mean of 10.5, where the spec says 10.6"
    edit(path, lambda m: m["spec"]["features"][1].update(mean=10.5, variance=1.1))
    assert failed(path)["preprocessing"] == "a variance of 1, where the spec says 1.1"
    path = copy("targets")
    edit(path, lambda m: m["preprocess"]["normalisation"][0].update(variance=[4.0, 1.1]))
    assert "not in the graph" in failed(path)["preprocessing"]


def test_planted_vocabulary_that_differs_from_the_spec(copy, failed):
    path = copy("binary")
    edit(path, lambda m: m["spec"]["features"][2].update(vocabulary=["white", "red"]))
    assert "vocabulary of 'kind'" in failed(path)["preprocessing"]


def test_planted_random_augmentation(copy, failed):
    def noise(answer):
        value = answer["prediction"]
        return {"prediction": value + 0.01 * tf.random.normal(tf.shape(value))}

    found = failed(plant(copy("regression"), noise))
    assert "at random with the operation RandomStandardNormal" in found["operations"]
    assert "differs from one call to the next" in found["same answer twice"]


def test_planted_python_function(copy, failed):
    def python(answer):
        value = tf.numpy_function(lambda x: x, [answer["prediction"]], tf.float32)
        return {"prediction": tf.ensure_shape(value, [None])}

    assert "PyFunc" in failed(plant(copy("regression"), python))["operations"]


def test_planted_xla_function(copy, failed):
    def compiled(answer):
        @tf.function(jit_compile=True)
        def double(value):
            return value * 1.0

        return {"prediction": double(answer["prediction"])}

    assert "XLA" in failed(plant(copy("regression"), compiled))["operations"]


def test_planted_fixed_batch(copy, failed):
    found = failed(plant(copy("regression"), lambda answer: answer, batch=8))
    assert "fixed batch of 8" in found["signature"]


def test_planted_scalar_output(copy, failed):
    path = plant(copy("regression"), lambda a: {"prediction": tf.reduce_mean(a["prediction"])})
    assert "is a scalar" in failed(path)["signature"]


def test_planted_answer_that_depends_on_the_batch(copy, failed):
    def centre(answer):
        value = answer["prediction"]
        return {"prediction": value - 1e-3 * tf.reduce_mean(value)}

    path = plant(copy("regression"), centre)
    found = failed(path)
    assert {"golden sample", "batch size"} <= set(found)


def test_planted_half_output(copy, failed):
    path = plant(copy("regression"), lambda a: {"prediction": tf.cast(a["prediction"], tf.half)})
    assert "is float16" in failed(path)["signature"]


def test_planted_other_output_name(copy, failed):
    path = plant(copy("regression"), lambda a: {"output_0": a["prediction"]})
    assert "['output_0']" in failed(path)["signature"]


def test_missing_graph_and_wrong_version(copy, failed):
    path = copy("regression")
    (path / "saved_model.pb").unlink()
    assert list(failed(path)) == ["files"]
    path = copy("targets")
    moved = path.rename(path.with_name("2"))
    assert "version 1" in failed(moved)["files"]


def test_planted_weights_of_another_training(copy, failed):
    """A whole and valid checkpoint, one per cent away."""
    path = copy("regression")
    loaded = tf.saved_model.load(str(path))
    for variable in loaded.trainable_variables:
        variable.assign(1.01 * variable)
    tf.saved_model.save(loaded, str(path), signatures=dict(loaded.signatures))
    found = failed(path)
    assert "prediction, row 0" in found["golden sample"]
    assert "prediction, row 0" in found["in a session"]


def test_planted_untracked_table(copy, failed):
    """Written the old way, without the table's initialiser: it loads, and cannot answer."""
    path = copy("binary")
    shutil.rmtree(path / "variables")
    (path / "saved_model.pb").unlink()
    manifest = json.loads((path / MANIFEST).read_text())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        inputs = {
            name: tf.compat.v1.placeholder(stated["dtype"], [None], name=name)
            for name, stated in manifest["signatures"]["serving_default"]["inputs"].items()
        }
        keys = tf.lookup.KeyValueTensorInitializer(["red"], [1.0])
        table = tf.lookup.StaticHashTable(keys, 0.0)
        weight = tf.compat.v1.get_variable("weight", [2])
        scores = table.lookup(inputs["kind"])[:, None] * weight
        outputs = {
            "label": tf.gather(tf.constant(["no", "yes"]), tf.argmax(scores, axis=-1)),
            "confidence": tf.reduce_max(scores, axis=-1),
            "probabilities": scores,
        }
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.get_collection_ref("table_initializer").clear()
        builder = tf.compat.v1.saved_model.Builder(str(path / "v1"))
        signature = tf.compat.v1.saved_model.predict_signature_def(inputs, outputs)
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    for part in (path / "v1").iterdir():
        part.rename(path / part.name)
    edit(path, lambda m: (m["signatures"].pop("classify"), m["preprocess"].update(vocabularies=[])))
    found = failed(path)
    assert "Table not initialized" in found["golden sample"]
    assert "Table not initialized" in found["in a session"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda log: log.predict_log.request.model_spec.ClearField("name"), None),
        (
            lambda log: setattr(log.predict_log.request.model_spec, "signature_name", "serve"),
            "record 0: there is no signature 'serve'",
        ),
        (
            lambda log: log.predict_log.request.inputs.pop("alcohol"),
            "record 0: serving_default is sent the inputs ['acidity', 'kind']",
        ),
        (
            lambda log: log.predict_log.request.inputs["alcohol"].CopyFrom(
                tf.make_tensor_proto([1.0, 2.0, 3.0])
            ),
            "record 0: Shapes of all inputs must match",
        ),
        (
            lambda log: log.predict_log.request.inputs["alcohol"].CopyFrom(
                tf.make_tensor_proto([9], tf.int64)
            ),
            "record 0: cannot compute",
        ),
        (lambda log: log.Clear(), "record 0: it is not a request"),
    ],
)
def test_planted_bad_warmup_record(spoil, message, copy, failed):
    path = copy("regression")
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(path / WARMUP))]
    log = prediction_log_pb2.PredictionLog.FromString(records[0])
    spoil(log)
    write_records(path, [log.SerializeToString(), *records[1:]])
    found = failed(path)
    assert found.get("warm-up", "").startswith(message) if message else found == {}


def test_planted_bad_warmup_file(copy, failed):
    path = copy("regression")
    file = path / WARMUP
    whole = file.read_bytes()
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(file))]
    file.write_bytes(whole[:-5])
    assert "the file is damaged" in failed(path)["warm-up"]
    file.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    assert "the file is damaged" in failed(path)["warm-up"]
    file.write_bytes(b"")
    assert failed(path)["warm-up"] == "the file has no record"
    write_records(path, [b"\xff\xff\xff"])
    assert failed(path)["warm-up"].startswith("record 0: ")
    write_records(path, records[:1] * 1001)
    assert "1001 records, and the server takes 1000" in failed(path)["warm-up"]
    write_records(path, records[:2])
    assert failed(path)["warm-up"] == "no record asks the signatures ['regress']"
    file.unlink()
    assert "is missing" in failed(path)["warm-up"]


def write_records(path, records):
    with tf.io.TFRecordWriter(str(path / WARMUP)) as writer:
        for record in records:
            writer.write(record)


def test_a_tie_may_fall_either_way(copy, failed):
    """Two classes as probable as each other, to 1e-5, have no label to insist on."""
    path = copy("binary")
    manifest = json.loads((path / MANIFEST).read_text())
    row = int(np.argmin(np.abs(np.array(manifest["golden"]["outputs"]["confidence"]) - 0.5)))

    def swapped(manifest):
        outputs = manifest["golden"]["outputs"]
        outputs["label"][row] = "no" if outputs["label"][row] == "yes" else "yes"

    edit(path, swapped)
    assert f"label, row {row}" in failed(path)["golden sample"]

    def even(manifest):
        outputs = manifest["golden"]["outputs"]
        outputs["probabilities"][row] = [0.5, 0.5]
        # Only the label is to be judged here.
        for name in ("probabilities", "confidence"):
            manifest["tolerance"][name] = {"relative": 0.0, "absolute": 1.0}

    edit(path, even)
    assert "golden sample" not in failed(path)
