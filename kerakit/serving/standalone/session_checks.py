"""A check of the graph in a session, without Python objects, as the server runs it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .answer_checks import plain
from .compare import compare, golden_inputs

__all__ = ["check_session"]


def check_session(state: dict[str, Any]) -> str:
    """Check the answers of the graph's tensors to the golden rows.

    The server restores the graph's variables and runs its initialiser. It does not have the
    objects by which TensorFlow loads a model in Python.
    """
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        graph = v1.saved_model.load(session, ["serve"], state["folder"])
        signature = graph.signature_def["serving_default"]
        features = golden_inputs(state["manifest"])
        answer = session.run(
            {name: info.name for name, info in signature.outputs.items()},
            {info.name: features[name] for name, info in signature.inputs.items()},
        )
    worst = compare(state["manifest"], plain(answer), state["golden"])
    return f"{state['rows']} rows, largest difference {worst:.2g}"
