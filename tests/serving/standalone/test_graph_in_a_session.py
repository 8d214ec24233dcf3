"""Every export through TensorFlow's loader of graphs, as a server loads it.

A server has neither Keras nor Python objects: it restores the graph tagged `serve`, and
runs it in a session.
"""

import json
import subprocess
import sys

import pytest
from marks import needs
from serving_cases import CASES

from kerakit.serving.exporting.warmup import WARMUP

TEXTS = ("label", "labels")
SCRIPT = """
import json, sys
sys.modules["keras"] = None  # TensorFlow imports Keras where it can
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

v1, found = tf.compat.v1, {}
for path in sys.argv[2:]:
    with open(path + "/assets.extra/kerakit.json", encoding="utf-8") as file:
        manifest = json.load(file)
    with tf.Graph().as_default(), v1.Session() as session:
        graph = v1.saved_model.load(session, ["serve"], path)
        answers = {}
        for record in v1.io.tf_record_iterator(path + sys.argv[1]):
            log = prediction_log_pb2.PredictionLog.FromString(record)
            request = getattr(log, log.WhichOneof("log_type")).request
            name = request.model_spec.signature_name
            signature = graph.signature_def[name]
            if name == "serving_default":
                sent = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
            else:
                rows = request.input.example_list.examples
                sent = {"inputs": np.array([r.SerializeToString() for r in rows], object)}
            answer = session.run(
                {k: tensor.name for k, tensor in signature.outputs.items()},
                {signature.inputs[k].name: value for k, value in sent.items()},
            )
            answers[name] = {
                k: [v.decode() for v in a.ravel()] if a.dtype == object else a.ravel().tolist()
                for k, a in answer.items()
            }
        found[path] = answers
assert not [name for name in sys.modules if name.startswith("keras.")]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
@needs("process")
def answers(exports):
    """Answers of a process without Keras to the golden rows, by case and signature."""
    paths = [str(exports[case]) for case in CASES]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "/" + WARMUP, *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(CASES, json.loads(done.stdout.splitlines()[-1]).values(), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_graph_in_a_session_answers_the_golden_sample(case, answers, exports):
    with open(exports[case] / "assets.extra" / "kerakit.json", encoding="utf-8") as file:
        manifest = json.load(file)
    golden = manifest["golden"]["outputs"]

    def flat(values):
        return [v for row in values for v in (row if isinstance(row, list) else [row])]

    for name, column in answers[case]["serving_default"].items():
        wanted = flat(golden[name])
        close = 1e-5 if manifest["classes"] else 1e-3
        assert column == (wanted if name in TEXTS else pytest.approx(wanted, abs=close))
    assert set(answers[case]) == set(manifest["signatures"])
    if "classify" in answers[case]:
        assert answers[case]["classify"]["classes"] == manifest["classes"] * 32
        scores = answers[case]["classify"]["scores"]
        assert scores == pytest.approx(flat(golden["probabilities"]), abs=1e-5)
    if "regress" in answers[case]:
        outputs = answers[case]["regress"]["outputs"]
        assert outputs == pytest.approx(golden["prediction"], abs=1e-3)
