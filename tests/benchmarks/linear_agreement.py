"""How closely the solved linear models agree with scikit-learn.

    python tests/benchmarks/linear_agreement.py [--seeds 0 1 2]

Prints the largest relative difference of predictions (`linear_regressor` against
`LinearRegression`) and the largest difference of probabilities (`logistic_classifier`
against `LogisticRegression(C=1)` at equal L2, on standardised columns), on training and
validation rows.
"""

import argparse
import time

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression

import kerakit as kk


def agreement(name, seed):
    """Return the largest difference and the CPU seconds of kerakit's fit."""
    data = kk.load_builtin(name, seed=seed)
    tables = [data.table(split) for split in ("train", "validation")]
    features = {n: np.concatenate([t.features[n] for t in tables]) for n in tables[0].features}
    target = np.concatenate([t.target for t in tables])
    x = np.stack(list(features.values()), 1).astype("float64")
    train = x[: len(tables[0])]
    z = (x - train.mean(0)) / train.std(0)
    regression = data.spec.task == "regression"
    if regression:
        model = kk.linear_regressor(data.spec)
        reference = LinearRegression().fit(z, target).predict(z)
    else:
        model = kk.logistic_classifier(data.spec, l2=1 / (2 * len(target)))
        logistic = LogisticRegression(C=1.0, max_iter=10_000, tol=1e-12, solver="newton-cholesky")
        reference = logistic.fit(z, target).predict_proba(z)
    kk.compile(model, data.spec.task)
    start = time.process_time()
    kk.fit(model, data, epochs=1, verbose=0, seed=seed)
    seconds = time.process_time() - start
    difference = np.abs(model.predict(features, verbose=0) - reference)
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
