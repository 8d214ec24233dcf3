"""CPU time of one row through an export, beside the bare network's, and of exporting.

    python tests/benchmarks/serving_speed.py [--repeats 7] [--calls 500] [--no-export]

Two models: `mlp_regressor` on the diabetes set (10 numbers), as in
recipes/tabular_regression.py, and `mlp_classifier` on a generated table of six numbers and
eight categories. Ways to ask for one row:

    load_served, lists      dict of lists of one element
    load_served, arrays     dict of arrays of one element
    model.predict           Keras, with ready tensors
    signature               the export's `serving_default` with ready tensors
    bare network            `model.get_layer("network").export(...)`, its signature with a
                            ready tensor; the preprocessing is done outside

The ways take turns in every repeat; CPU time counts all threads. `export` is a process of
its own, with all its checks and their processes, and counts from after the imports.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MODELS = ("diabetes", "mixed")
NETWORK = "bare network"
# Of the census table "Adult" (Becker & Kohavi 1996): the categories of its columns.
CATEGORIES = (9, 16, 7, 15, 6, 5, 2, 42)


def mixed_columns(rows, seed=0):
    """Return a dict of 14 columns and the labels of a generated table."""
    import numpy as np

    random = np.random.default_rng(seed)
    columns = {f"n{i}": random.normal(40, 12, rows).round(2) for i in range(6)}
    for i, count in enumerate(CATEGORIES):
        values = np.array([f"category {i}-{j}" for j in range(count)], object)
        columns[f"c{i}"] = random.choice(values, rows)
    odds = (columns["n0"] - 40) / 12 + (columns["c6"] == "category 6-0")
    labels = np.where(odds + random.normal(0, 1, rows) > 0.5, ">50K", "<=50K").astype(object)
    return columns, labels


def export_model(name, folder, verify=False):
    """Train for an epoch and export; return `(path, model, data, CPU seconds of export)`."""
    import kerakit as kk
    from kerakit.serving import export

    if name == "diabetes":
        data = kk.load_builtin("diabetes")
        model = kk.mlp_regressor(data.spec)
    else:
        data = kk.load_arrays(*mixed_columns(2000))
        model = kk.mlp_classifier(data.spec)
    kk.compile(model, "regression" if name == "diabetes" else "binary")
    kk.fit(model, data, epochs=1, verbose=0)
    start = _cpu_seconds()
    path = export(model, data, folder / name, verify=verify)
    return path, model, data, _cpu_seconds() - start


def ways(name, folder):
    """Return a dict from way to function that asks for one row."""
    import numpy as np
    import tensorflow as tf

    from kerakit.serving import load_served

    path, model, data, _ = export_model(name, folder)
    served = load_served(path)
    test = data.table("test")
    arrays = {column: values[:1] for column, values in test.features.items()}
    lists = {column: values.tolist() for column, values in arrays.items()}
    tensors = {
        column: tf.constant(values.tolist() if values.dtype == object else values)
        for column, values in arrays.items()
    }
    signature = tf.saved_model.load(os.fspath(path)).signatures["serving_default"]
    ready = model.get_layer("preprocess")(tensors)
    network = model.get_layer("network")
    network.export(os.fspath(folder / "network"), verbose=False)
    bare = tf.saved_model.load(os.fspath(folder / "network")).signatures["serving_default"]
    (argument,) = bare.structured_input_signature[1]
    answer, wanted = served(lists), network(ready, training=False).numpy()
    key = "probabilities" if name == "mixed" else "prediction"
    np.testing.assert_allclose(answer[key], wanted, rtol=1e-4)
    np.testing.assert_allclose(signature(**tensors)[key], wanted, rtol=1e-4)
    return {
        "load_served, lists": lambda: served(lists),
        "load_served, arrays": lambda: served(arrays),
        "model.predict": lambda: model.predict(tensors, verbose=0),
        "signature": lambda: signature(**tensors),
        NETWORK: lambda: bare(**{argument: ready}),
    }


def compare(name, repeats, calls):
    """Print the CPU time of one call of each way, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        functions = ways(name, pathlib.Path(folder))
        counts = {way: calls // 10 if way == "model.predict" else calls for way in functions}
        found = {way: [] for way in functions}
        for repeat in range(repeats + 1):
            for way, function in functions.items():
                start = time.process_time()
                for _ in range(counts[way]):
                    function()
                spent = (time.process_time() - start) / counts[way] * 1000
                if repeat:  # the first is to warm up
                    found[way].append(spent)
    bare = found[NETWORK]
    print(f"\n{name:24} {'min ms':>8} {'median':>8} {'times the bare network':>24}")
    for way, spent in found.items():
        ratio = statistics.median(a / b for a, b in zip(spent, bare, strict=True))
        print(f"{way:24} {min(spent):8.3f} {statistics.median(spent):8.3f} {ratio:24.2f}")


def _cpu_seconds():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--no-export", dest="export", action="store_false")
    parser.add_argument("--one", choices=MODELS, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(export_model(flags.one, pathlib.Path(folder), verify=True)[3]))
        return
    for name in MODELS:
        compare(name, flags.repeats, flags.calls)
    print()
    for name in MODELS if flags.export else ():
        command = [sys.executable, __file__, "--one", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"export of {name} with all checks: {float(done.stdout.split()[-1]):.1f} CPU s")


if __name__ == "__main__":
    main()
