"""What forecasters reach by their defaults, and what they cost.

    python tests/benchmarks/forecasting.py --data DIR [--seeds 0 1 2] [--sets etth1_24 ...]
        [--encoder lstm] [--intervals]

DIR holds `sequences/etth1`. Every training is a process of its own. CPU seconds are those of
loading, building, training and evaluating, without imports. Test windows are all there are, with
those of a last, incomplete batch.

- `etth1_24`, `etth1_96`: `OT` of ETTh1 alone, 168 hours to 24, and 336 to 96; `etth1_all`: all
  seven channels, 336 to 96. Twelve months of training, four of validation, four of test. Mean
  squared error in deviations of the training months.
- `mackey_glass`: 84 steps ahead. Root of the mean squared error in deviations (NRMSE).
- `stores`, `stores_blind`: 500 generated stores of different size, season, trend and kind, three
  years of days, 14 days ahead; with and without the known promotions, which raise sales by 20, 40
  or 80 % by the kind of the store. Mean absolute scaled error, the mean over the stores.

Beside each stands the line that every report shows (`linear`), and repeating the last season.

`--intervals` compares the calibrated intervals of 90 % of the default forecaster, which have one
width for each step ahead, with those of `quantiles=(0.05, 0.5, 0.95)`: how often they have the true
value, their mean width, and the interval score, width plus 20 times what the true value is outside
(Gneiting & Raftery 2007, doi:10.1198/016214506000001437), which is lower for better intervals.
Widths, scores and the mean absolute error of the forecast are in standard deviations of the series
in training.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

ETTH1 = {
    "etth1_24": (["OT"], 168, 24),
    "etth1_96": (["OT"], 336, 96),
    "etth1_all": (["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"], 336, 96),
}
SETS = (*ETTH1, "mackey_glass", "stores", "stores_blind")
MONTH = 30 * 24  # hours
LEVELS = (0.05, 0.5, 0.95)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--encoder", default="auto", help="another encoder than the default")
    parser.add_argument("--intervals", action="store_true", help="compare intervals of 90 %%")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--levels", action="store_true", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        name, seed = flags.one[0], int(flags.one[1])
        measure = of_intervals if flags.intervals else one
        more = {"quantiles": LEVELS if flags.levels else None} if flags.intervals else {}
        print(json.dumps(measure(name, seed, flags.data, flags.encoder, **more)))
        return
    if flags.intervals:
        compare_intervals(flags)
        return
    print("| set | metric | model | each seed | linear | last season | CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in flags.sets:
        found = [in_a_process(name, seed, flags) for seed in flags.seeds]
        each = [run["model"] for run in found]
        seconds = " ".join(f"{run['cpu']:.0f}" for run in found)
        print(
            f"| {name} | {found[0]['metric']} | {statistics.mean(each):.4f} "
            f"| {' '.join(f'{value:.4f}' for value in each)} | {found[0]['linear']:.4f} "
            f"| {found[0]['seasonal_naive']:.4f} | {seconds} |",
            flush=True,
        )


def compare_intervals(flags):
    """Print the table of intervals: the means over the seeds."""
    print("| set | forecaster | mean absolute error | coverage | width | interval score | CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in flags.sets:
        for kind, more in (("default", ()), ("quantiles", ("--levels",))):
            found = [in_a_process(name, seed, flags, "--intervals", *more) for seed in flags.seeds]
            means = {key: statistics.mean(run[key] for run in found) for key in found[0]}
            cpu = means.pop("cpu")
            values = " | ".join(f"{value:.4f}" for value in means.values())
            print(f"| {name} | {kind} | {values} | {cpu:.0f} |", flush=True)


def in_a_process(name, seed, flags, *more):
    command = [sys.executable, __file__, "--one", name, str(seed), "--encoder", flags.encoder]
    command += more
    command += [] if flags.data is None else ["--data", str(flags.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def one(name, seed, folder, encoder):
    """Train by the defaults and measure: a dict of numbers."""
    import keras

    import kerakit as kk

    start = time.process_time()
    data = load(name, folder)
    keras.utils.set_random_seed(seed)
    model = kk.sequence_forecaster(data, encoder=encoder)
    kk.compile(model)
    kk.fit(model, data, epochs=100, verbose=0, seed=seed)
    report = kk.evaluate(model, data)
    cpu = time.process_time() - start
    columns = {"model": report.test, **report.baseline}
    if name.startswith("stores"):
        return {"metric": "MASE", "cpu": cpu} | {k: of["mase"] for k, of in columns.items()}
    errors = {key: of["mse_standardised"] for key, of in columns.items()}
    if name == "mackey_glass":
        return {"metric": "NRMSE", "cpu": cpu} | {key: e**0.5 for key, e in errors.items()}
    return {"metric": "MSE", "cpu": cpu} | errors


def of_intervals(name, seed, folder, encoder, quantiles):
    """Train, calibrate for 90 % and measure the intervals: a dict of numbers."""
    import keras
    import numpy as np

    import kerakit as kk

    start = time.process_time()
    data = load(name, folder)
    keras.utils.set_random_seed(seed)
    model = kk.sequence_forecaster(data, encoder=encoder, quantiles=quantiles)
    kk.compile(model)
    kk.fit(model, data, epochs=100, verbose=0, seed=seed)
    kk.calibrate(model, data, coverage=0.9)
    answer = kk.predict(model, data.test)
    cpu = time.process_time() - start
    table, series = data.table("test"), data.spec.series
    y, std = np.asarray(table.target, "float64"), np.sqrt(data.spec.target.variance)
    if series.id:
        known = {id: of[0] ** 0.5 for id, of in zip(series.ids, series.variances, strict=True)}
        std = np.array([known[id] for id in table.features[series.id_name]])[:, None]
    low, high = answer["lower"], answer["upper"]
    outside = np.maximum(np.maximum(low - y, y - high), 0.0)
    return {
        "error": float(np.mean(np.abs(answer["forecast"] - y) / std)),
        "coverage": float(np.mean(outside == 0)),
        "width": float(np.mean((high - low) / std)),
        "score": float(np.mean((high - low + 2 / 0.1 * outside) / std)),
        "cpu": cpu,
    }


def load(name, folder):
    """Return the `Data` of a set."""
    import pandas as pd

    import kerakit as kk

    if name == "mackey_glass":
        return kk.load_builtin(name)
    if name in ETTH1:
        value, window, horizon = ETTH1[name]
        table = pd.read_csv(folder / "sequences/etth1/ETTh1.csv").iloc[: 20 * MONTH]
        return kk.load_series(
            table,
            value=value,
            time="date",
            window=window,
            horizon=horizon,
            test_size=4 * MONTH,
            validation_size=4 * MONTH,
        )
    known = {} if name == "stores_blind" else {"future": "promotion"}
    return kk.load_series(
        stores(), value="sales", time="date", id="store", static="kind", horizon=14, **known
    )


def stores(count=500, years=3, seed=0):
    """Return a DataFrame of generated stores, with a row for each day of each."""
    import numpy as np
    import pandas as pd

    random, days = np.random.default_rng(seed), 365 * years
    step = np.arange(days)
    date = pd.date_range("2021-01-01", periods=days)
    raised = {"village": 0.2, "city": 0.4, "mall": 0.8}
    found = []
    for number in range(count):
        kind = str(random.choice(list(raised)))
        size = np.exp(random.normal(5, 1.2))
        week = 0.7 + 2.1 * random.dirichlet(np.full(7, 3.0))
        trend = np.exp(random.normal(0, 0.1) * step / 365)
        year = 1 + 0.2 * np.sin(2 * np.pi * (step / 365 + random.uniform()))
        promotion = random.random(days) < 0.12
        sales = size * week[step % 7] * trend * year * (1 + raised[kind] * promotion)
        sales *= np.exp(0.05 * random.normal(size=days))
        columns = {"store": f"store {number}", "kind": kind, "promotion": promotion}
        found.append(pd.DataFrame({"date": date, "sales": sales, **columns}))
    return pd.concat(found)


if __name__ == "__main__":
    main()
