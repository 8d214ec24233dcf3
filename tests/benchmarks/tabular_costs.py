"""What the recipes for tables cost from end to end, and what they export.

    python tests/benchmarks/tabular_costs.py [--cases diabetes 20000 200000]

Each recipe is a process of its own with its defaults; the CPU seconds are those of the process
and of the ones that it starts: imports, reading, training, report, export and the check of the
export. The cases that are numbers are rows of the table of 6 numbers and 8 categories that
serving_speed.py generates. One row through `load_served` is the minimum of several rounds.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from serving_speed import mixed_columns

RECIPES = pathlib.Path(__file__).parents[2] / "recipes"
CASES = ("diabetes", "breast_cancer", "20000", "200000")
# Rows up to which the recipe may take so many CPU seconds.
CPU_SECONDS = ((1_000, 15), (20_000, 60), (200_000, 300))
MILLISECONDS, MEGABYTES = 1.0, 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=CASES)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.row:
        print(json.dumps(milliseconds(*flags.row)))
        return
    print("| case | rows | CPU s | at most | one row, ms | at most | export, MB | at most |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for case in flags.cases:
        rows, spent, row, size = cost(case)
        limit = next((most for count, most in CPU_SECONDS if rows <= count), "")
        cells = f"{spent:.1f} | {limit} | {row:.2f} | {MILLISECONDS} | {size:.1f} | {MEGABYTES}"
        print(f"| {case} | {rows:,} | {cells} |", flush=True)


def cost(case):
    """Return `(rows, CPU seconds, milliseconds of a served row, megabytes of the export)`."""
    recipe = "tabular_regression" if case == "diabetes" else "tabular_classification"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, RECIPES / f"{recipe}.py", "--out", "models", "--runs", "runs"]
        if case.isdigit():
            _write(int(case), pathlib.Path(folder, "table.csv"))
            command += ["--csv", "table.csv", "--target", "label"]
        else:
            command += ["--dataset", case]
        start = _cpu_of_children()
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        spent = _cpu_of_children() - start
        (spec,) = pathlib.Path(folder, "runs").rglob("spec.json")
        (export,) = pathlib.Path(folder).glob("models/*/1")
        size = sum(file.stat().st_size for file in export.rglob("*") if file.is_file()) / 1e6
        command = [sys.executable, __file__, "--row", export, case]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows = sum(json.loads(spec.read_text())["sizes"].values())
        return rows, spent, json.loads(done.stdout.splitlines()[-1]), size


def milliseconds(path, case, rounds=7, calls=300):
    """CPU milliseconds of one row, given as lists of one value."""
    import kerakit as kk

    if case.isdigit():
        features = mixed_columns(1)[0]
    else:
        features = kk.load_builtin(case, view="table").table("test").features
    row = {name: values[:1].tolist() for name, values in features.items()}
    served = kk.load_served(path)
    served(row)
    found = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(calls):
            served(row)
        found.append((time.process_time() - start) / calls * 1000)
    return min(found)


def _write(rows, file):
    import pandas as pd

    columns, labels = mixed_columns(rows)
    pd.DataFrame({**columns, "label": labels}).to_csv(file, index=False)


def _cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
