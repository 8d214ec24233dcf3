"""Each planted fault is caught, by the check that is there for it.

The checks are those of the script; most run in this process, since loading TensorFlow
once more for each fault would take minutes.
"""

import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from kerakit.errors import ArgumentError
from kerakit.serving import verify
from kerakit.serving.fresh_process.checks import main
from kerakit.serving.versions import MANIFEST


@pytest.fixture
def copy(exports, tmp_path):
    """Copy the export of a case, to be spoiled."""

    def copied(case):
        return pathlib.Path(shutil.copytree(exports[case], tmp_path / case / "1"))

    return copied


def failed(path):
    return {c["name"]: c["detail"] for c in main(str(path))["checks"] if not c["ok"]}


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


def test_a_good_export_passes_in_a_fresh_process(exports, capsys):
    report = verify(exports["regression"].parent, verbose=True)
    assert report.ok
    assert report.path == exports["regression"]
    assert [check.name for check in report.checks] == [
        "files",
        "variables",
        "operations",
        "signature",
        "preprocessing",
        "loads",
        "golden sample",
        "same answer twice",
        "batch size",
        "other signatures",
        "warm-up",
    ]
    assert set(report.latency) == {"batch 1", "batch 32"}
    assert 0 < report.latency["batch 1"]["p50"] <= report.latency["batch 1"]["p95"]
    assert str(report) in capsys.readouterr().out
    assert str(report).endswith("all checks passed")


@pytest.mark.parametrize("case", ["binary", "multiclass", "multilabel", "targets", "quantiles"])
def test_a_good_export_passes(case, exports):
    assert failed(exports[case]) == {}


def test_a_report_says_what_failed(copy, capsys):
    path = copy("binary")
    shutil.rmtree(path / "variables")
    report = verify(path, verbose=False)
    assert not report.ok
    assert capsys.readouterr().out == ""
    assert "FAILED  variables" in str(report)
    assert "variables.index is missing" in str(report)
    assert report.latency == {}


def test_planted_swapped_labels(copy):
    def swap(answer):
        label = answer["label"]
        return {**answer, "label": tf.where(label == "no", tf.constant("yes"), tf.constant("no"))}

    found = failed(plant(copy("binary"), swap))
    assert "label, row 0: expected" in found["golden sample"]


def test_planted_swapped_labels_in_files(copy):
    path = copy("binary")
    (path / "assets" / "labels.txt").write_text("yes\nno\n")
    assert "labels" in failed(path)


def test_planted_multilabel_switched_off(copy):
    def switch(answer):
        return {**answer, "labels": tf.fill(tf.shape(answer["labels"]), "")}

    assert "labels, row" in failed(plant(copy("multilabel"), switch))["golden sample"]


def test_planted_golden_values(copy):
    path = copy("regression")

    def change(manifest):
        manifest["golden"]["outputs"]["prediction"][3] += 0.01

    edit(path, change)
    assert "prediction, row 3" in failed(path)["golden sample"]


def test_planted_changed_weights(copy):
    path = copy("regression")
    (data,) = (path / "variables").glob("variables.data-*")
    content = bytearray(data.read_bytes())
    weights = np.frombuffer(content, "float32", count=8)
    content[:32] = (weights + np.float32(0.5)).tobytes()
    data.write_bytes(content)
    assert {"golden sample", "loads"} & set(failed(path))


def test_planted_normalisation_that_differs_from_the_spec(copy):
    path = copy("regression")
    edit(path, lambda manifest: manifest["spec"]["features"][1].update(mean=10.6))
    assert "not those of the spec" in failed(path)["preprocessing"]
    path = copy("targets")
    edit(path, lambda m: m["preprocess"]["normalisation"][0].update(variance=[4.0, 1.1]))
    assert "not in the graph" in failed(path)["preprocessing"]


def test_planted_vocabulary_that_differs_from_the_spec(copy):
    path = copy("binary")
    edit(path, lambda m: m["spec"]["features"][2].update(vocabulary=["white", "red"]))
    assert "vocabulary of 'kind'" in failed(path)["preprocessing"]


def test_planted_random_augmentation(copy):
    def noise(answer):
        value = answer["prediction"]
        return {"prediction": value + 0.01 * tf.random.normal(tf.shape(value))}

    found = failed(plant(copy("regression"), noise))
    assert "at random with the operation RandomStandardNormal" in found["operations"]
    assert "differs from one call to the next" in found["same answer twice"]


def test_planted_python_function(copy):
    def python(answer):
        value = tf.numpy_function(lambda x: x, [answer["prediction"]], tf.float32)
        return {"prediction": tf.ensure_shape(value, [None])}

    assert "PyFunc" in failed(plant(copy("regression"), python))["operations"]


def test_planted_xla_function(copy):
    def compiled(answer):
        @tf.function(jit_compile=True)
        def double(value):
            return value * 1.0

        return {"prediction": double(answer["prediction"])}

    assert "XLA" in failed(plant(copy("regression"), compiled))["operations"]


def test_planted_fixed_batch(copy):
    found = failed(plant(copy("regression"), lambda answer: answer, batch=8))
    assert "fixed batch of 8" in found["signature"]


def test_planted_scalar_output(copy):
    path = plant(copy("regression"), lambda a: {"prediction": tf.reduce_mean(a["prediction"])})
    assert "is a scalar" in failed(path)["signature"]


def test_planted_answer_that_depends_on_the_batch(copy):
    def centre(answer):
        value = answer["prediction"]
        return {"prediction": value - 1e-3 * tf.reduce_mean(value)}

    path = plant(copy("regression"), centre)
    found = failed(path)
    assert {"golden sample", "batch size"} <= set(found)


def test_planted_half_output(copy):
    path = plant(copy("regression"), lambda a: {"prediction": tf.cast(a["prediction"], tf.half)})
    assert "is float16" in failed(path)["signature"]


def test_planted_other_output_name(copy):
    path = plant(copy("regression"), lambda a: {"output_0": a["prediction"]})
    assert "['output_0']" in failed(path)["signature"]


def test_missing_graph_and_wrong_version(copy):
    path = copy("regression")
    (path / "saved_model.pb").unlink()
    assert list(failed(path)) == ["files"]
    path = copy("targets")
    moved = path.rename(path.with_name("2"))
    assert "version 1" in failed(moved)["files"]


def test_a_tie_may_fall_either_way(copy):
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


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="no such folder"):
        verify(tmp_path / "none")
    with pytest.raises(ArgumentError, match="not an export"):
        verify(tmp_path)
