"""Joins inputs, `preprocess` and `network` into the one model that is trained and served."""

import keras

from kerakit.builders.contract import NETWORK

__all__ = ["assemble", "network_inputs"]


def network_inputs(preprocess):
    """Return `keras.Input`s that take what `preprocess` gives: a list of one or two tensors."""
    outputs = preprocess.outputs
    names = ["dense" if "float" in tensor.dtype else "ids" for tensor in outputs]
    return [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(outputs, names, strict=True)
    ]


def assemble(inputs, preprocess, network_in, answer, name):
    """Return the Functional model *inputs -> preprocess -> network*.

    Args:
        inputs: dict of `keras.Input` by name, or one `keras.Input`.
        preprocess: `keras.Model` named `preprocess`.
        network_in: list of the network's own inputs.
        answer: tensor. What the network gives for them.
        name: str. The model's name.
    """
    network_in = network_in[0] if len(network_in) == 1 else network_in
    network = keras.Model(network_in, answer, name=NETWORK)
    return keras.Model(inputs, network(preprocess(inputs)), name=name)
