"""Models with members in fewer operations, for answers alone."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import (
    MemberKernel,
    MemberNetwork,
    Members,
    MemberTrees,
    members_of,
    split_model,
)
from kerakit.builders.parts import in_float32
from kerakit.builders.tables.members.kernel import kernel_of_rows
from kerakit.builders.tables.members.trees import answers_of_trees

__all__ = ["folded_members"]


def folded_members(model: keras.Model) -> keras.Model:
    """Return a model that gives the same answers in fewer operations, where there is one.

    The networks of members read the same row. Their first layers, with the scales before them, are
    one product of matrices here. So are their last ones, with the weights of `blend` and the mean
    over the members; likewise the lines, and what each training row adds by the kernel. Parts
    whose weight is 0 are left out, and so are trees that were not grown. Answers differ by the
    rounding of float32.

    Args:
        model: `keras.Model`.

    Returns:
        `keras.Model` with copies of the weights, for answers alone. It is `model` itself where that
        has no members, is more than `preprocess` and `network`, or computes in half precision.
    """
    preprocess, network = split_model(model)
    members = members_of(model) if isinstance(model, keras.Model) else None
    if members is None or not _is_whole(model, preprocess, network) or not _in_float32(members):
        return model
    scores = _scores(members)
    answer = keras.Model(members.mean.output, network.output)(scores)
    network = keras.Model(network.input, answer, name=network.name)
    if preprocess is None:
        return network
    inputs = preprocess.input
    return keras.Model(inputs, network(preprocess(inputs)), name=model.name)


def _is_whole(model, preprocess, network):
    """Whether a model is its network, after its preprocessing if it has any."""
    if preprocess is None:
        return network is model
    layers = [each for each in model.layers if not isinstance(each, keras.layers.InputLayer)]
    return layers == [preprocess, network] and model.input_shape == preprocess.input_shape


def _in_float32(members):
    layers = [layer for network in members.networks for layer in network.layers]
    return all(layer.compute_dtype == "float32" for layer in layers)


@in_float32()
def _scores(members: Members) -> keras.KerasTensor:
    """The scores of all members together, `(batch, scores)`."""
    columns, line = members.columns, members.line.input
    share, *shares = (members.blend.kernel.numpy()[:, 0].astype("float64") / members.count).tolist()
    kernel, bias = _weights(members.line)
    parts = [_dense(members.line, share * kernel.sum(axis=0), share * bias.sum(axis=0))(line)]
    count = len(members.networks)
    for network, share in zip(members.networks, shares[:count], strict=True):
        if share:
            parts.append(_network(network, columns, members.count, share))
    beside = [(_kernel, members.kernel), (_trees, members.trees)]
    beside = [(make, part) for make, part in beside if part is not None]
    for (make, part), share in zip(beside, shares[count:], strict=True):
        if share:
            parts.append(make(part, line, members.count, share))
    return parts[0] if len(parts) == 1 else ops.sum(ops.stack(parts), axis=0)


def _network(
    network: MemberNetwork, columns: keras.KerasTensor, members: int, share: float
) -> keras.KerasTensor:
    """What the networks of all members add, times a share."""
    values = before = columns[:, : network.width] if network.width < columns.shape[-1] else columns
    scale, offset = np.ones((members, network.width)), np.zeros((members, network.width))
    *layers, last = [each for each in network.layers if not isinstance(each, keras.layers.Dropout)]
    of_row = True  # `values` are the columns of the row; else units, `(batch, members * units)`
    for layer in layers:
        if isinstance(layer, keras.layers.Rescaling):
            factor = np.asarray(layer.scale, "float64")
            scale, offset = factor * scale, factor * offset + np.asarray(layer.offset, "float64")
        elif isinstance(layer, keras.layers.Multiply):
            half = 0.5 * before  # x * sigmoid(x), which oneDNN would fuse into a slower operation
            values = half + half * ops.tanh(half)
        elif not isinstance(layer, keras.layers.EinsumDense):
            values = _copy(layer)(values)
        elif len(layer.kernel.shape) == 2:  # a weight for each column
            factor = layer.kernel.numpy().astype("float64")
            scale, offset = factor * scale, factor * offset
        else:
            if of_row:
                kernel, bias = _of_columns(layer, scale, offset)
                values = _dense(layer, kernel.reshape(len(kernel), -1), bias.ravel())(values)
            else:
                values = _by_member(layer, values, members)
            before, of_row = values, False
    if of_row:
        kernel, bias = _of_columns(last, scale, offset)
        return _dense(last, share * kernel.sum(axis=1), share * bias.sum(axis=0))(values)
    kernel, bias = _weights(last)
    kernel = kernel.reshape(-1, kernel.shape[-1])
    return _dense(last, share * kernel, share * bias.sum(axis=0))(values)


def _by_member(layer, values, members):
    """Units of each member from its own.

    For a batched product, TensorFlow wakes threads, which costs a single row more than the product.
    """
    kernels, bias = _weights(layer)
    units = [
        _dense(layer, kernel, None, name=f"{layer.name}.{number}")(own)
        for number, (kernel, own) in enumerate(
            zip(kernels, ops.split(values, members, axis=-1), strict=True)
        )
    ]
    return ops.concatenate(units, axis=-1) + bias.ravel().astype("float32")


def _of_columns(layer, scale, offset):
    """Weights of the columns, `(columns, members, units)`, of a layer that reads scaled ones."""
    kernel, bias = _weights(layer)
    bias = bias + np.einsum("mi,mio->mo", offset, kernel)
    return (scale[:, :, None] * kernel).transpose(1, 0, 2), bias


def _kernel(kernel: MemberKernel, line: keras.KerasTensor, members: int, share: float):
    """What the kernels of all members add, times a share."""
    near = kernel_of_rows(line, _copy(kernel.rows), _copy(kernel.exponent))
    weights, bias = _weights(kernel.scores)
    scores = _dense(kernel.scores, share * weights.sum(axis=1), share * bias.sum(axis=0))(near)
    return ops.cast(scores, "float32")


def _trees(trees: MemberTrees, line: keras.KerasTensor, members: int, share: float):
    """What the trees of all members add, times a share."""
    answers = trees.answers.embeddings.numpy().reshape(trees.count, 1 << trees.depth, -1)
    questions = trees.questions.embeddings.numpy().reshape(trees.count, -1, 2)
    grown = np.any(answers, axis=(1, 2))
    grown[0] = True  # an `Embedding` has one row at least
    found = answers_of_trees(
        line,
        _embedding(trees.questions, questions[grown]),
        _embedding(trees.answers, share * answers[grown]),
        trees.depth,
    )
    return ops.sum(found, axis=1)


def _weights(layer):
    """The kernel and the bias of a layer, in 64 bits."""
    return layer.kernel.numpy().astype("float64"), layer.bias.numpy().astype("float64")


def _dense(layer, kernel, bias, name=None):
    """A `Dense` layer in place of another one."""
    dense = keras.layers.Dense(
        kernel.shape[-1],
        use_bias=bias is not None,
        dtype=layer.dtype_policy,
        name=name or layer.name,
    )
    return _filled(dense, (None, len(kernel)), [kernel] if bias is None else [kernel, bias])


def _embedding(layer, values):
    """An `Embedding` layer in place of another one, of values that are on their last axis."""
    values = values.reshape(-1, values.shape[-1])
    embedding = keras.layers.Embedding(*values.shape, name=layer.name)
    return _filled(embedding, (None,), [values])


def _copy(layer):
    """A layer of the same weights that belongs to no model yet."""
    copy = type(layer).from_config(layer.get_config())
    return _filled(copy, layer.input.shape, layer.get_weights())


def _filled(layer, shape, weights):
    layer.build(shape)
    layer.set_weights(weights)
    return layer
