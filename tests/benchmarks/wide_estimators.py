"""What a thousand columns cost the scikit-learn estimators, beside a hundred.

    python tests/benchmarks/wide_estimators.py

Prints the CPU seconds of fit, predict and export (not verified) of `KerakitRegressor` on 500
rows, for a matrix and for a DataFrame of numbers, with 100 and with 1,000 columns. A first fit that
is not counted pays for the start of TensorFlow.
"""

from __future__ import annotations

import tempfile
import time

import numpy as np
import pandas as pd

from kerakit.integrations.sklearn import KerakitRegressor

ROWS, FEW, MANY = 500, 100, 1000


def seconds(x, y) -> list[float]:
    """CPU seconds of fit, predict and export."""
    found = []

    def timed(call):
        start = time.process_time()
        answer = call()
        found.append(time.process_time() - start)
        return answer

    model = timed(lambda: KerakitRegressor(epochs=2, random_state=0).fit(x, y))
    timed(lambda: model.predict(x))
    with tempfile.TemporaryDirectory() as folder:
        timed(lambda: model.export(folder, verify=False))
    return found


def main() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, MANY))
    y = x[:, 0] + rng.normal(size=ROWS)
    seconds(x[:, :2], y)
    forms = {
        "matrix": lambda count: x[:, :count],
        "DataFrame": lambda count: pd.DataFrame(x[:, :count]).add_prefix("c"),
    }
    print(f"{'':10} {'columns':>8} {'fit':>7} {'predict':>8} {'export':>7} {'in all':>7}")
    for name, make in forms.items():
        totals = []
        for count in (FEW, MANY):
            parts = seconds(make(count), y)
            totals.append(sum(parts))
            fit, predict, export = parts
            print(f"{name:10} {count:8} {fit:7.2f} {predict:8.2f} {export:7.2f} {totals[-1]:7.2f}")
        print(f"{name:10} 1,000 columns cost {totals[1] / totals[0]:.1f} times 100")


if __name__ == "__main__":
    main()
