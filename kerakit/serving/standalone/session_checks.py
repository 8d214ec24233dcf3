"""The export as the server runs it: a graph in a session, without Python objects."""

import tensorflow as tf

from .answer_checks import plain
from .compare import compare, golden_inputs

__all__ = ["check_session"]


def check_session(state):
    """The golden rows, asked of every tensor by its name in the graph.

    The server restores the graph's variables and runs its initialiser; it knows nothing of
    the objects by which TensorFlow in Python loads a model.
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
