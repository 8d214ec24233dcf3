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

KINDS = ("plain", "kerakit")
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
        from tabular_sets import load_uci

        data = load_uci("yacht", root, seed % 20, seed=seed, validation_size=0)
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
        dense = keras.layers.Dense
        layers = [dense(units, "relu", kernel_initializer="he_normal") for units in hidden]
        model = keras.Sequential([keras.Input(x.shape[1:]), *layers, dense(1)])
        model.compile(keras.optimizers.Adam(1e-3), "mse", metrics=["mae"])
        z, target = (x - mean) / deviation, (y - centre) / scale
        model.fit(z, target, batch_size=32, epochs=epochs, verbose=0)
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
    titles = ("set", "seed", "plain cpu s", "kerakit", "ratio", "plain rmse", "kerakit")
    print("{:10} {:>4} {:>11} {:>8} {:>6} {:>11} {:>8}".format(*titles))
    line = "{:10} {:>4} {:11.2f} {:8.2f} {:6.3f} {:11.4f} {:8.4f}"
    for name in SETS:
        rows = []
        for seed in flags.seeds:
            plain, ours = (_in_a_process(kind, name, seed, flags.data) for kind in KINDS)
            ratio = ours["cpu"] / plain["cpu"]
            rows.append((plain["cpu"], ours["cpu"], ratio, plain["rmse"], ours["rmse"]))
            print(line.format(name, seed, *rows[-1]), flush=True)
        means = map(statistics.mean, zip(*rows, strict=True))
        print(line.format(name, "mean", *means), flush=True)


def _in_a_process(kind, name, seed, root):
    command = [sys.executable, __file__, "--data", str(root), "--one", kind, name, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
