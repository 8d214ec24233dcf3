"""How closely the linear builders' default training agrees with scikit-learn.

    python tests/benchmarks/linear_agreement.py [--seeds 0 1 2]

Prints the largest relative difference of predictions (`linear_regressor` against
`LinearRegression`) and the largest difference of probabilities (`logistic_classifier`
against `LogisticRegression(C=1)` at equal L2, on standardised columns), on training rows.
"""

import argparse
import time

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression

import kerakit as kk

EPOCHS = 3000


def agreement(name, seed):
    """Return the largest difference and the CPU seconds of kerakit's fit."""
    data = kk.load_builtin(name, seed=seed)
    table = data.table("train")
    x = np.stack(list(table.features.values()), 1).astype("float64")
    z = (x - x.mean(0)) / x.std(0)
    regression = data.spec.task == "regression"
    if regression:
        model = kk.linear_regressor(data.spec)
        reference = LinearRegression().fit(z, table.target).predict(z)
    else:
        model = kk.logistic_classifier(data.spec, l2=1 / (2 * len(table)))
        logistic = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-8)
        reference = logistic.fit(z, table.target).predict_proba(z)
    kk.compile(model, data.spec.task)
    start = time.process_time()
    kk.fit(model, data, epochs=EPOCHS, early_stopping=False, verbose=0, seed=seed)
    seconds = time.process_time() - start
    difference = np.abs(model.predict(table.features, verbose=0) - reference)
    return np.max(difference / np.abs(reference) if regression else difference), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    flags = parser.parse_args()
    print(f"{'set':14} {'seed':>4} {'difference':>10} {'cpu s':>6}")
    for name in ("diabetes", "breast_cancer", "iris", "wine"):
        for seed in flags.seeds:
            difference, seconds = agreement(name, seed)
            print(f"{name:14} {seed:4} {difference:10.1e} {seconds:6.1f}", flush=True)


if __name__ == "__main__":
    main()
