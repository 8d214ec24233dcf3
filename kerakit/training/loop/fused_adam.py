"""Adam's step of a large variable as one operation, where Keras has a dozen."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from kerakit.keras_compat import adam_moments

__all__ = ["LARGE", "fused_adam"]

# Elements of a variable from which on one operation takes half the CPU time and less; it wakes
# several threads, which takes longer than all of Keras' operations on a small one. Measured by
# tests/benchmarks/adam_steps.py.
LARGE = 32_768


@contextlib.contextmanager
def fused_adam(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Let TensorFlow's own kernel take the steps of Adam and AdamW of large variables in the block.

    It computes what Keras computes (Kingma & Ba 2015, arXiv:1412.6980, section 2, the order of
    computation at its end) in one pass over a variable and its moments. Other optimizers, their
    subclasses and `amsgrad` are left alone, and so are gradients of few rows of a variable.

    Args:
        optimizer: `keras.optimizers.Optimizer`, or one inside a `LossScaleOptimizer`.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    plain = type(inner) in (keras.optimizers.Adam, keras.optimizers.AdamW) and not inner.amsgrad
    if not plain or tf.distribute.has_strategy():
        yield
        return
    # `update_step` is what a subclass of an optimizer defines; an attribute is before it.
    inner.update_step = functools.partial(_step, inner)
    try:
        yield
    finally:
        del inner.update_step


def _step(optimizer: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    """Do what `Adam.update_step` does, for a variable of TensorFlow or of Keras."""
    if not isinstance(gradient, tf.Tensor) or math.prod(variable.shape) < LARGE:
        type(optimizer).update_step(optimizer, gradient, variable, learning_rate)
        return
    dtype = variable.dtype
    moments = adam_moments(optimizer, variable)
    variables = [
        each.value if isinstance(each, keras.Variable) else each for each in (variable, *moments)
    ]
    step = tf.cast(optimizer.iterations + 1, dtype)
    betas = [tf.cast(beta, dtype) for beta in (optimizer.beta_1, optimizer.beta_2)]
    tf.raw_ops.ResourceApplyAdam(
        **{name: each.handle for name, each in zip(("var", "m", "v"), variables, strict=True)},
        beta1_power=tf.pow(betas[0], step),
        beta2_power=tf.pow(betas[1], step),
        lr=tf.cast(learning_rate, dtype),
        beta1=betas[0],
        beta2=betas[1],
        epsilon=tf.cast(optimizer.epsilon, dtype),
        grad=tf.cast(gradient, dtype),
    )
