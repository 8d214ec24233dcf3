"""Warm-up requests, read with the server's own protos."""

import numpy as np
import pytest
import tensorflow as tf
from serving_cases import CASES
from tensorflow_serving.apis import prediction_log_pb2

from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.exporting.warmup import WARMUP
from kerakit.serving.standalone.compare import golden_inputs
from kerakit.serving.standalone.endpoint_checks import MAXIMUM_RECORDS
from kerakit.serving.standalone.prediction_log import PredictionLog

pytestmark = pytest.mark.export


def records(path):
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path / WARMUP))]


@pytest.mark.parametrize("case", CASES)
def test_every_signature_is_asked_about_one_row_and_about_many(case, exports):
    manifest = read_manifest(exports[case])
    golden = golden_inputs(manifest)
    contents = records(exports[case])
    assert len(contents) == 2 * len(manifest["signatures"]) <= MAXIMUM_RECORDS
    seen = []
    for content in contents:
        log = prediction_log_pb2.PredictionLog.FromString(content)
        kind = log.WhichOneof("log_type")
        request = getattr(log, kind).request
        log.DiscardUnknownFields()  # nothing that the server does not know
        assert log.SerializeToString(deterministic=True) == content
        assert request.model_spec.name == case
        name = request.model_spec.signature_name
        if kind == "predict_log":
            tensors = {key: tf.make_ndarray(proto) for key, proto in request.inputs.items()}
            rows = len(tensors["kind"])
            assert {key: array.dtype for key, array in tensors.items()} == {
                "acidity": np.float32,
                "alcohol": np.float32,
                "kind": object,
            }
            np.testing.assert_array_equal(tensors["acidity"], golden["acidity"][:rows])
            kinds = [value.decode() for value in tensors["kind"]]
            assert kinds == golden["kind"][:rows].tolist()
        else:
            assert kind == f"{name}_log"
            examples = request.input.example_list.examples
            rows = len(examples)
            values = [e.features.feature["alcohol"].float_list.value[0] for e in examples]
            np.testing.assert_array_equal(np.float32(values), golden["alcohol"][:rows])
            kinds = [e.features.feature["kind"].bytes_list.value[0].decode() for e in examples]
            assert kinds == golden["kind"][:rows].tolist()
        seen.append((name, rows))
    assert seen == [(name, rows) for name in manifest["signatures"] for rows in (1, 32)]


def test_the_hand_declared_messages_are_those_of_the_server():
    """Field by field: what the server's protos write, ours read, and the other way round."""
    theirs = prediction_log_pb2.PredictionLog()
    request = theirs.predict_log.request
    request.model_spec.name, request.model_spec.signature_name = "wine", "serving_default"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.5]))
    ours = PredictionLog.FromString(theirs.SerializeToString(deterministic=True))
    assert ours.predict_log.request.model_spec.name == "wine"
    assert ours.predict_log.request.model_spec.signature_name == "serving_default"
    assert ours.predict_log.request.inputs[0].key == "x"
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(
        deterministic=True
    )
    for kind in ("classify_log", "regress_log"):
        theirs = prediction_log_pb2.PredictionLog()
        request = getattr(theirs, kind).request
        request.model_spec.signature_name = "classify"
        example = request.input.example_list.examples.add()
        example.features.feature["a"].float_list.value.append(2.0)
        ours = PredictionLog.FromString(theirs.SerializeToString(deterministic=True))
        ours_request = getattr(ours, kind).request
        assert ours_request.input.example_list.examples == [example.SerializeToString()]
        assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(
            deterministic=True
        )
