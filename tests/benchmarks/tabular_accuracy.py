"""Test error of the MLP builders on public tables, by one stated configuration.

    python tests/benchmarks/tabular_accuracy.py --data DIR [--sets concrete ...] [--seeds 0 1 2]

DIR holds `tabular/uci/{concrete,energy,yacht}` (with the published splits of
Hernandez-Lobato & Adams 2015), `tabular/california_housing` and `tabular/adult`. With
`--score validation` the figures are of the validation split, on which the configuration
was chosen; the test split is for reporting.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np

import kerakit as kk

# One configuration for all regression sets, chosen on validation splits: the builder's
# defaults, trained to the last epoch; early stopping only picks the best one.
REGRESSION = {
    "builder": {},
    "compile": {"learning_rate": 5e-3},
    "fit": {"epochs": 400, "batch_size": 64, "early_stopping": 400},
}
CLASSIFICATION = {"builder": {}, "compile": {}, "fit": {"epochs": 30, "batch_size": 256}}
ADULT_COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
]


def uci(root, name, split, seed, validation_size):
    """One published split of a UCI set as `Data`."""
    folder = root / "tabular" / "uci" / name
    rows = np.loadtxt(folder / "data.txt")
    features = np.loadtxt(folder / "index_features.txt").astype(int)
    target = int(np.loadtxt(folder / "index_target.txt"))
    train = np.loadtxt(folder / f"index_train_{split}.txt").astype(int)
    test = np.loadtxt(folder / f"index_test_{split}.txt").astype(int)
    return kk.load_arrays(
        rows[train][:, features].astype("float32"),
        rows[train, target].astype("float32"),
        test=(rows[test][:, features].astype("float32"), rows[test, target].astype("float32")),
        task="regression",
        validation_size=validation_size,
        seed=seed,
    )


def california(root, seed, validation_size):
    """California housing, 80/20."""
    file = next((root / "tabular" / "california_housing").glob("*.csv"))
    return kk.load_csv(file, "median_house_value", validation_size=validation_size, seed=seed)


def adult(root, seed, validation_size):
    """Adult with its own test file."""
    folder = root / "tabular" / "adult"
    return kk.load_csv(
        folder / "adult-train.csv",
        "income",
        columns=ADULT_COLUMNS,
        test=folder / "adult-test.csv",
        rename_labels={"<=50K.": "<=50K", ">50K.": ">50K"},
        validation_size=validation_size,
        seed=seed,
    )


def score(data, configuration, seed, split):
    """Train by a configuration; return the error (or accuracy) on a split and CPU seconds."""
    start = time.process_time()
    keras.utils.set_random_seed(seed)
    regression = data.spec.task == "regression"
    build = kk.mlp_regressor if regression else kk.mlp_classifier
    model = build(data.spec, **configuration["builder"])
    kk.compile(model, data.spec.task, **configuration["compile"])
    history = kk.fit(model, data, **configuration["fit"], verbose=0, seed=seed)
    table = data.table(split)
    answer = model.predict(table.features, batch_size=4096, verbose=0)
    if regression:
        figure = float(np.sqrt(np.mean((answer - table.target) ** 2)))
    else:
        figure = float(np.mean(answer.argmax(-1) == table.target))
    return figure, time.process_time() - start, len(history.epoch)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument(
        "--sets", nargs="+", default=["concrete", "energy", "yacht", "california", "adult"]
    )
    parser.add_argument("--splits", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--score", choices=["test", "validation"], default="test")
    parser.add_argument("--validation-size", type=float, default=0.1)
    parser.add_argument("--regression", type=json.loads, default=REGRESSION)
    parser.add_argument("--classification", type=json.loads, default=CLASSIFICATION)
    flags = parser.parse_args()
    print(f"regression     {json.dumps(flags.regression)}")
    print(f"classification {json.dumps(flags.classification)}")
    print(f"{'set':12} {'split':>5} {'seed':>4} {flags.score:>10} {'epochs':>6} {'cpu s':>7}")
    for name in flags.sets:
        is_uci = name in ("concrete", "energy", "yacht")
        figures = []
        for split in flags.splits if is_uci else [0]:
            for seed in flags.seeds:
                if is_uci:
                    data = uci(flags.data, name, split, seed, flags.validation_size)
                else:
                    data = {"california": california, "adult": adult}[name](
                        flags.data, seed, flags.validation_size
                    )
                regression = data.spec.task == "regression"
                chosen = flags.regression if regression else flags.classification
                figure, cpu, epochs = score(data, chosen, seed, flags.score)
                figures.append(figure)
                line = f"{name:12} {split:5} {seed:4} {figure:10.4f} {epochs:6} {cpu:7.1f}"
                print(line, flush=True)
                keras.utils.clear_session()
        print(f"{name:12} {'mean':>10} {np.mean(figures):10.4f}", flush=True)


if __name__ == "__main__":
    main()
