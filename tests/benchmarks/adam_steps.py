"""CPU time of a step of Adam of a variable, by its size: Keras' operations, and one operation.

python tests/benchmarks/adam_steps.py
"""

import contextlib
import time

import keras
import numpy as np
import tensorflow as tf

from kerakit.training.loop import fused_adam as module

SIZES = (1_024, 4_096, 16_384, 32_768, 65_536, 262_144, 1_048_576)
STEPS, VARIABLES, REPEATS = 300, 6, 3


def main():
    module.LARGE = 0
    print("| elements | Keras, microseconds | one operation |")
    print("| --- | --- | --- |")
    for size in SIZES:
        pairs = [
            (measured(size, lambda optimizer: contextlib.nullcontext()), measured(size, fused))
            for _ in range(REPEATS)
        ]
        theirs, ours = (np.median(each) for each in zip(*pairs, strict=True))
        print(f"| {size:,} | {theirs:.0f} | {ours:.0f} |", flush=True)


def fused(optimizer):
    return module.fused_adam(optimizer)


def measured(size, block):
    """Microseconds of CPU time of a step of a variable, of several variables of a size."""
    optimizer, rng = keras.optimizers.Adam(), np.random.default_rng(0)
    variables = [keras.Variable(rng.normal(size=size)) for _ in range(VARIABLES)]
    gradients = [tf.constant(rng.normal(size=size), "float32") for _ in variables]
    optimizer.build(variables)

    def step(number):
        with block(optimizer):
            optimizer.apply(gradients, variables)
        return (number + 1,)

    @tf.function(autograph=False)
    def steps(count):
        tf.while_loop(lambda number: number < count, step, (0,), parallel_iterations=1)

    steps(tf.constant(5))
    start = time.process_time()
    steps(tf.constant(STEPS))
    return 1e6 * (time.process_time() - start) / STEPS / VARIABLES


if __name__ == "__main__":
    main()
