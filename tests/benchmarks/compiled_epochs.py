"""CPU time of an epoch with and without XLA, by width and batch: the rule's two limits.

    python tests/benchmarks/compiled_epochs.py

Prints, for networks of two hidden layers on random rows, the CPU seconds of the first epoch
(tracing and compiling) and the milliseconds of a later step.
"""

import time

import keras
import numpy as np

import kerakit as kk
from kerakit.training.speed import xla as module

ROWS, COLUMNS, EPOCHS = 4096, 16, 8


def measure(width, batch, compiled):
    """Return `(first epoch's CPU seconds, milliseconds per later step)`."""
    module.MIN_STEPS = 0 if compiled else 10**9
    module.MAX_PRODUCT = 10**12
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS)).astype("float32")
    data = kk.load_arrays(x, x.sum(1), task="regression", validation_size=0)
    keras.utils.set_random_seed(0)
    model = kk.mlp_regressor(data.spec, hidden=(width, width), bins=0, dropout=0.0)
    kk.compile(model, "adam")
    times = [time.process_time()]

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            times.append(time.process_time())

    kk.fit(model, data, epochs=EPOCHS, batch_size=batch, verbose=0, callbacks=[Clock()])
    steps = -(-data.spec.sizes["train"] // batch)
    return times[1] - times[0], 1e3 * (times[-1] - times[1]) / (EPOCHS - 1) / steps


def main():
    line = "{:>6} {:>6} {:>12} {:>12} {:>12} {:>12} {:>6}"
    titles = ("width", "batch", "first s", "XLA first s", "step ms", "XLA step ms", "ratio")
    print(line.format(*titles))
    for width in (32, 64, 128, 256):
        for batch in (32, 128):
            plain, xla = measure(width, batch, False), measure(width, batch, True)
            figures = [plain[0], xla[0], plain[1], xla[1], xla[1] / plain[1]]
            print(line.format(width, batch, *(f"{figure:.2f}" for figure in figures)), flush=True)


if __name__ == "__main__":
    main()
