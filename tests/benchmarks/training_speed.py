"""CPU time of kerakit's fit beside plain Keras, for the same network, rows and epochs.

    python tests/benchmarks/training_speed.py --data DIR [--seeds 0 1 2]

DIR holds `tfds` (wine_quality/red) and `tabular/uci/yacht`. Each fit is a process of its
own, in turn, and counts from the first line after the imports to the end of `fit`:
building, compiling and tracing included. The network, its initial weights' seed, the
optimizer (Adam, 1e-3), the batch size and the number of epochs are the same.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

SETS = {"red wine": ((64, 64), 100), "yacht": ((50,), 400)}


def one(kind, name, seed, root):
    """Train once in this process; return CPU seconds and the test RMSE."""
    import keras
    import numpy as np

    import kerakit as kk

    hidden, epochs = SETS[name]
    if name == "red wine":
        data = kk.load_tfds(
            "wine_quality/red", data_dir=root / "tfds", validation_size=0, seed=seed
        )
    else:
        sys.path.insert(0, str(pathlib.Path(__file__).parent))
        from tabular_accuracy import uci

        data = uci(root, "yacht", seed % 20, seed, 0)
    train, test = data.table("train"), data.table("test")

    def matrix(table):
        return np.concatenate([c.reshape(len(c), -1) for c in table.features.values()], axis=1)

    x, y = matrix(train), train.target
    mean, deviation = x.mean(0), x.std(0)
    centre, scale = y.mean(), y.std()
    keras.utils.set_random_seed(seed)
    # TensorFlow's own start-up is not what is compared.
    keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))
    start = time.process_time()
    if kind == "plain":
        model = keras.Sequential(
            [keras.Input(x.shape[1:])]
            + [
                keras.layers.Dense(units, "relu", kernel_initializer="he_normal")
                for units in hidden
            ]
            + [keras.layers.Dense(1)]
        )
        model.compile(keras.optimizers.Adam(1e-3), "mse", metrics=["mae"])
        model.fit(
            (x - mean) / deviation, (y - centre) / scale, batch_size=32, epochs=epochs, verbose=0
        )
        seconds = time.process_time() - start
        answer = model.predict((matrix(test) - mean) / deviation, verbose=0)[:, 0] * scale + centre
    else:
        model = kk.mlp_regressor(data.spec, hidden=hidden, activation="relu", dropout=0.0, bins=0)
        kk.compile(model, "adam")
        kk.fit(model, data, epochs=epochs, batch_size=32, verbose=0, seed=seed)
        seconds = time.process_time() - start
        answer = model.predict(test.features, verbose=0)
    return {"cpu": seconds, "rmse": float(np.sqrt(np.mean((answer - test.target) ** 2)))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        kind, name, seed = flags.one
        print(json.dumps(one(kind, name, int(seed), flags.data)))
        return
    print(
        f"{'set':10} {'seed':>4} {'plain cpu s':>11} {'kerakit':>8} {'ratio':>6} {'plain rmse':>11} {'kerakit':>8}"
    )
    for name in SETS:
        rows = []
        for seed in flags.seeds:
            pair = []
            for kind in ("plain", "kerakit"):
                command = [sys.executable, __file__, "--data", str(flags.data)]
                command += ["--one", kind, name, str(seed)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                pair.append(json.loads(done.stdout.splitlines()[-1]))
            plain, ours = pair
            rows.append(
                (plain["cpu"], ours["cpu"], ours["cpu"] / plain["cpu"], plain["rmse"], ours["rmse"])
            )
            print(
                "{:10} {:4} {:11.2f} {:8.2f} {:6.3f} {:11.4f} {:8.4f}".format(
                    name, seed, *rows[-1]
                ),
                flush=True,
            )
        print(
            "{:10} {:>4} {:11.2f} {:8.2f} {:6.3f} {:11.4f} {:8.4f}".format(
                name, "mean", *map(statistics.mean, zip(*rows, strict=True))
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
