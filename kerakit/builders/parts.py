"""What all builders need: their first argument, and the parts of a model put together."""

from __future__ import annotations

import contextlib
import numbers
from collections.abc import Iterator

import keras
from keras import ops

from kerakit.builders.contract import BLEND, NETWORK, remember_spec
from kerakit.checks import short_repr
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError

__all__ = ["assemble", "blended", "in_float32", "network_inputs", "spec_or_shape"]


@contextlib.contextmanager
def in_float32() -> Iterator[None]:
    """Make layers that compute in float32 inside the block, whatever the global dtype policy.

    A policy such as `"mixed_float16"` is about the network. Raw values, such as 120,000, and
    the statistics of the training data do not fit into its numbers. It also decorates the
    functions that make a `preprocess` sub-model, or the last layers of a network.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def spec_or_shape(owner: str, inputs: object, shape: str | None) -> object:
    """Return the `Spec` that the first argument of a builder stands for, or a plain shape.

    Args:
        owner: str. The builder, for errors.
        inputs: `Data`, `Spec`, or an int or tuple, which is returned as it is.
        shape: str. The plain shape that the builder takes, for errors, such as `"a width such
            as 11"`; `None` where it takes none.

    Raises:
        ArgumentError: when it is something else, such as a DataFrame, a dict or an array; or
            when Keras' `floatx` is not float32.
    """
    floats = keras.config.floatx()
    if floats != "float32":
        raise ArgumentError(
            f"{owner} builds models whose inputs and answers are float32. Got Keras with "
            f"keras.config.set_floatx({floats!r}). Set it to 'float32'. For a network in half "
            "precision use keras.config.set_dtype_policy, or precision= of kk.fit."
        )
    if isinstance(inputs, Data):
        return inputs.spec
    plain = isinstance(inputs, (numbers.Integral, tuple, list)) and not isinstance(inputs, bool)
    if isinstance(inputs, Spec) or (plain and shape is not None):
        return inputs
    expected = "a Data or a Spec" if shape is None else f"a Data, a Spec or {shape}"
    simple = isinstance(inputs, (str, numbers.Number, tuple, list, type(None)))
    got = short_repr(inputs) if simple else f"a {type(inputs).__name__}"
    raise ArgumentError(
        f"The 'inputs' parameter of {owner} must be {expected}. Got {got} instead. "
        "kk.load_arrays makes a Data of arrays, columns and data frames, such as "
        "kk.load_arrays(df, 'TARGET'); other kk.load_* functions read files."
    )


def network_inputs(preprocess: keras.Model) -> list[keras.KerasTensor]:
    """Return `keras.Input`s for what `preprocess` of a table gives: `dense`, `ids`, or both."""
    outputs = preprocess.outputs
    names = ["dense" if "float" in tensor.dtype else "ids" for tensor in outputs]
    return [
        keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
        for tensor, name in zip(outputs, names, strict=True)
    ]


def assemble(
    inputs: dict[str, keras.KerasTensor] | keras.KerasTensor,
    preprocess: keras.Model,
    network_in: list[keras.KerasTensor],
    answer: keras.KerasTensor,
    name: str,
    data: object = None,
) -> keras.Model:
    """Return the Functional model *inputs -> preprocess -> network*.

    Args:
        inputs: dict of `keras.Input` by name, or one `keras.Input`.
        preprocess: `keras.Model` named `preprocess`.
        network_in: list of the network's own inputs.
        answer: tensor. What the network gives for them.
        name: str. The model's name.
        data: what `spec_or_shape` returned; a `Spec` is kept with the model, so that
            `kk.predict` knows columns and classes. Defaults to `None`.
    """
    network_in = network_in[0] if len(network_in) == 1 else network_in
    network = keras.Model(network_in, answer, name=NETWORK)
    model = keras.Model(inputs, network(preprocess(inputs)), name=name)
    if isinstance(data, Spec):
        remember_spec(model, data)
    return model


def blended(
    linear: keras.KerasTensor, network: keras.KerasTensor, linear_weight: float = 0.5
) -> keras.KerasTensor:
    """Return the scores of a linear path and of a network, added by the layer `blend`.

    `kk.fit` trains the network without the linear path where it has solved that path. Then it
    gives the layer the two weights that fit the validation rows best.

    Args:
        linear, network: tensors of shape `(batch, scores)`.
        linear_weight: float in [0, 1]. The weight of the linear path before training; the
            network has the rest. Defaults to `0.5`.

    Returns:
        Tensor of shape `(batch, scores)`.
    """
    both = ops.stack([linear, network], axis=-1)
    layer = keras.layers.Dense(1, use_bias=False, dtype="float32", name=BLEND)
    scores = ops.squeeze(layer(both), axis=-1)
    layer.kernel.assign([[linear_weight], [1.0 - linear_weight]])
    return scores
