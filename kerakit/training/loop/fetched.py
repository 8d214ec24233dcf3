"""Compiled functions whose results are fetched at once, as floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

__all__ = ["fetched"]


def fetched(
    function: Callable[..., Mapping[str, Any]],
    *,
    jit_compile: bool = False,
    reduce_retracing: bool = False,
) -> Callable[..., dict[str, float]]:
    """Compile a function that returns a dict of numbers; return it as one that gives floats.

    The numbers come as one tensor, because each transfer from TensorFlow to Python takes time.
    The function may be made again for every model: TensorFlow counts calls of a `tf.function`
    by its line in the source, and would warn of "retracing" after five models. It does not
    count calls of a concrete function.

    Args:
        function: takes tensors, and returns a dict from names to scalars.
        jit_compile: bool. Whether XLA compiles it. Defaults to `False`.
        reduce_retracing: bool. Whether sizes that change are left open. Defaults to `False`.

    Example:

    >>> halves = fetched(lambda x: {"half": x / 2, "quarter": x / 4})
    >>> halves(tf.constant(3.0))
    {'half': 1.5, 'quarter': 0.75}
    """
    names: list[str] = []
    known: dict[tuple[Any, ...], Callable[..., tf.Tensor]] = {}

    def stacked(*arguments):
        logs = function(*arguments)
        names[:] = logs
        return tf.stack([tf.cast(value, "float32") for value in logs.values()])

    compiled = tf.function(
        stacked, autograph=False, jit_compile=jit_compile, reduce_retracing=reduce_retracing
    )

    def concrete(arguments):
        if not all(map(tf.is_tensor, arguments)):
            return compiled.get_concrete_function(*arguments)
        key = tuple((tensor.dtype, *tensor.shape) for tensor in arguments)
        if key not in known:  # a look-up here takes a tenth of the time of TensorFlow's
            known[key] = compiled.get_concrete_function(*arguments)
        return known[key]

    def run(*arguments):
        values = concrete(arguments)(*arguments)
        return dict(zip(names, values.numpy().tolist(), strict=True))

    return run
