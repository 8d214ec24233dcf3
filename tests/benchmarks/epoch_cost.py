"""CPU time of an epoch of a plain network, as a fraction of that of plain Keras.

    python tests/benchmarks/epoch_cost.py [--rows 1000 8000] [--repeats 3]

Both train the same network of 64-64 units on the same random rows, with Adam and batches of 32,
in turn. The first two epochs, in which graphs are traced and compiled, are not counted.
"""

import argparse
import statistics
import time

COLUMNS, EPOCHS, BATCH = 10, 22, 32


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[1_000, 8_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print("| rows | kerakit, ms an epoch | Keras, ms an epoch | fraction (each) |")
    print("| --- | --- | --- | --- |")
    for rows in arguments.rows:
        pairs = [(epoch(rows, True), epoch(rows, False)) for _ in range(arguments.repeats)]
        ours, theirs = (1e3 * statistics.median(each) for each in zip(*pairs, strict=True))
        fractions = sorted(our / their for our, their in pairs)
        each = ", ".join(f"{fraction:.2f}" for fraction in fractions)
        print(
            f"| {rows:,} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} ({each}) |", flush=True
        )


def epoch(rows, ours):
    """CPU seconds of an epoch."""
    import keras
    import numpy as np

    import kerakit as kk

    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows * 5 // 4, COLUMNS)).astype("float32")
    y = np.sin(x[:, 0]) + x[:, 1] + rng.normal(size=len(x)).astype("float32")
    times = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: times.append(time.process_time())
    )
    keras.utils.set_random_seed(0)
    settings = {"epochs": EPOCHS, "batch_size": BATCH, "verbose": 0, "callbacks": [clock]}
    if ours:
        data = kk.load_arrays(x, y, task="regression", validation_size=0, test_size=0.2)
        model = kk.mlp_regressor(data.spec, hidden=(64, 64), bins=0, dropout=0.0)
        kk.compile(model, "adam")
        kk.fit(model, data, **settings)
    else:
        dense = keras.layers.Dense
        model = keras.Sequential([dense(64, "gelu"), dense(64, "gelu"), dense(1)])
        model.compile("adam", "mse")
        model.fit(x[:rows], y[:rows], **settings)
    return (times[-1] - times[1]) / (EPOCHS - 2)


if __name__ == "__main__":
    main()
