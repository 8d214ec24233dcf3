"""The kernel of a row and the training rows: a layer of as many units as there are rows."""

from __future__ import annotations

import keras
from keras import ops

from kerakit.builders.contract import KERNEL_EXPONENT, KERNEL_ROWS, KERNEL_SCORES
from kerakit.builders.parts import in_float32

__all__ = ["FURTHEST", "kernel_of_rows", "kernel_scores"]

FURTHEST = 100.0  # standard deviations: values beyond have the distance of this one
SMALLEST = 1e-24  # below any squared distance: the root has a gradient at 0


@in_float32()
def kernel_scores(
    values: keras.KerasTensor, rows: int, members: int, scores: int
) -> keras.KerasTensor:
    """Build the scores of kernel ridge regression, which `kk.fit` solves after the last epoch.

    It is a network with radial basis functions, one for each training row (Broomhead & Lowe 1988,
    Complex Systems 2): `exp(a * d ** 2 + b * d)` of the distance d of a row to it. The layer
    `kernel.rows` holds the training rows, `kernel.exponent` a and b, and `kernel.scores` what each
    of them adds to the scores. All are 0 in a new model, and so are the scores. They are numbers of
    64 bits: what rows add is large, and nearly cancels.

    Args:
        values: tensor of shape `(batch, columns)`.
        rows: int. How many training rows there are.
        members, scores: ints. How many solutions there are, and how many numbers each returns.

    Returns:
        Tensor of shape `(batch, members, scores)`.
    """
    solved = {"kernel_initializer": "zeros", "trainable": False, "dtype": "float64"}
    near = kernel_of_rows(
        values,
        keras.layers.Dense(rows, name=KERNEL_ROWS, **solved),
        keras.layers.Dense(1, use_bias=False, name=KERNEL_EXPONENT, **solved),
    )
    added = keras.layers.EinsumDense(
        "bn,nmo->bmo", (members, scores), bias_axes="mo", name=KERNEL_SCORES, **solved
    )(near)
    return ops.cast(added, "float32")


def kernel_of_rows(
    values: keras.KerasTensor, rows: keras.Layer, exponent: keras.Layer
) -> keras.KerasTensor:
    """Build the kernel of a row and each training row, `(batch, rows)`.

    Args:
        values: tensor of shape `(batch, columns)`.
        rows, exponent: the layers of these names.
    """
    values = ops.cast(ops.clip(values, -FURTHEST, FURTHEST), "float64")
    squares = ops.sum(ops.square(values), axis=-1, keepdims=True) + rows(values)
    squares = ops.relu(squares)
    powers = ops.stack([squares, ops.sqrt(squares + SMALLEST)], axis=-1)
    return ops.exp(ops.squeeze(exponent(powers), axis=-1))
