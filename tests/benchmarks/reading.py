"""CPU seconds and peak memory of `load_table`, beside pyarrow's own time for the same file.

    python tests/benchmarks/reading.py [--rows 1000000] [--rounds 5] [--files csv mixed.csv]

Makes tables of 20 columns and a target: of numbers only, and of 14 columns of numbers and 6 of
categories in which 3 % of the cells are missing, as CSV, Parquet and JSON lines. pyarrow reads a
file with its schema inferred, and converts each column to NumPy: numbers to float32, strings to
the codes of a dictionary. kerakit returns `Data`: split, with statistics and a fingerprint. In
each round both read the file, one after the other, each in a process of its own. The figures are
the medians over the rounds. The peak is that of the process minus its peak after the imports.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

_KINDS = ("numbers", "mixed")
_SUFFIXES = (".csv", ".parquet", ".jsonl")


def write_files(folder, rows, kinds, suffixes):
    """Write the files that are not there yet; return their paths."""
    import numpy as np

    paths = []
    for kind in kinds:
        random = np.random.default_rng(0)
        wanted = [folder / f"{kind}-{rows}{suffix}" for suffix in suffixes]
        paths += wanted
        if all(path.exists() for path in wanted):
            continue
        columns = {f"x{n}": random.normal(n, 10.0 ** (n % 4), rows).round(4) for n in range(20)}
        target = (sum(columns.values()) / 20 + random.normal(size=rows)).round(4)
        if kind == "mixed":
            for n, count in enumerate((2, 5, 10, 50, 200, 1000), 14):
                words = np.array([f"word {number}" for number in range(count)], object)
                columns[f"x{n}"] = words[random.integers(count, size=rows)]
            for values in columns.values():
                values[random.random(rows) < 0.03] = None if values.dtype == object else np.nan
        columns["y"] = target
        for path in wanted:
            _write(columns, path)
    return paths


def _write(columns, path):
    import pandas as pd

    frame = pd.DataFrame(columns)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)


def read_with_pyarrow(path):
    """Read a file, and convert its columns."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, json, parquet

    reads = {".csv": csv.read_csv, ".parquet": parquet.read_table, ".jsonl": json.read_json}
    start = time.process_time()
    table = reads[pathlib.Path(path).suffix](path)
    columns = {}
    for name in table.column_names:
        values = table[name]
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = values.combine_chunks().dictionary_encode()
            columns[name] = values.indices.to_numpy(zero_copy_only=False)
        else:
            columns[name] = values.to_numpy().astype(np.float32)
    return time.process_time() - start


def read_with_kerakit(path):
    """Load a file."""
    import kerakit as kk

    start = time.process_time()
    data = kk.load_table(path, "y")
    seconds = time.process_time() - start
    assert sum(data.spec.sizes.values()) and len(data.spec.features) == 20
    return seconds


_READS = {"pyarrow": read_with_pyarrow, "kerakit": read_with_kerakit}


def one(name, path):
    """Read once in this process; print CPU seconds and MB."""
    import pandas  # noqa: F401 (pyarrow imports it where it is installed)
    import pyarrow.compute  # noqa: F401
    from pyarrow import csv, json, parquet  # noqa: F401

    import kerakit as kk

    kk.load_table  # noqa: B018 (imports it)
    before = _peak()
    seconds = _READS[name](path)
    print(seconds, _peak() - before)


def _peak():
    """Peak memory of this process in MB of 10^6 bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=_KINDS, default=_KINDS)
    parser.add_argument("--suffixes", nargs="+", choices=_SUFFIXES, default=_SUFFIXES)
    parser.add_argument("--folder", type=pathlib.Path, help="where to keep the files")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        one(*flags.one)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.folder or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        print(
            "file                      MB  pyarrow s  kerakit s  ratio  (range)        peak / file"
        )
        for path in write_files(folder, flags.rows, flags.kinds, flags.suffixes):
            _compare(path, flags.rounds)


def _compare(path, rounds):
    """Print one line: the medians of both over the rounds."""
    seconds, peaks = {name: [] for name in _READS}, {name: [] for name in _READS}
    for _ in range(rounds):
        for name in _READS:
            command = [sys.executable, __file__, "--one", name, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            taken, peak = map(float, done.stdout.split())
            seconds[name].append(taken)
            peaks[name].append(peak)
    ratios = [ours / theirs for theirs, ours in zip(*seconds.values(), strict=True)]
    size = path.stat().st_size / 1e6
    theirs, ours = (statistics.median(seconds[name]) for name in _READS)
    print(
        f"{path.name:24s} {size:4.0f}  {theirs:9.2f}  {ours:9.2f}  {statistics.median(ratios):5.2f}"
        f"  ({min(ratios):.2f}-{max(ratios):.2f})  {max(peaks['kerakit']) / size:11.2f}"
        f"  (pyarrow {max(peaks['pyarrow']) / size:.2f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
