"""Rows per CPU second, and peak memory, of scoring files.

    python tests/benchmarks/scoring_speed.py [--batch-sizes 1024 4096] [--rows 50000 1000000]

Scores generated files of 14 columns (six of numbers, eight of categories) with the default
`mlp_classifier`. Each score is a process of its own; CPU time and peak memory are those of
the whole process, TensorFlow's start and the loading of the export included.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def one(path, source, out, batch_size):
    """Score once in this process; print rows per CPU second and the peak in MB."""
    from kerakit.serving import predict_csv

    start = time.process_time()
    rows = predict_csv(path, source, out, batch_size=batch_size)
    seconds = time.process_time() - start
    peak = _peak()
    print(f"{rows:>10,} rows  {seconds:6.2f} CPU s  {peak:6.0f}")
    return rows, seconds, peak


def _peak():
    """Peak memory of this process in MB."""
    try:
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # Linux counts the memory of the process that started this one into `ru_maxrss`.
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def write_files(folder, counts):
    """Write a CSV and a Parquet file of each number of rows; return their paths."""
    import pyarrow as pa
    from pyarrow import csv, parquet
    from serving_speed import mixed_columns

    paths = []
    for rows in counts:
        table = pa.table(mixed_columns(rows)[0])
        for suffix, write in ((".csv", csv.write_csv), (".parquet", parquet.write_table)):
            paths.append(folder / f"{rows}{suffix}")
            write(table, paths[-1])
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[50_000, 1_000_000])
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=[1024, 2048, 4096, 8192])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.one:
        one(*flags.one, batch_size=flags.batch_sizes[0])
        return
    from serving_speed import export_model

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        path = export_model("mixed", folder)[0]
        print("batch size, file: rows, CPU seconds (start-up included), peak MB")
        for source in write_files(folder, flags.rows):
            for size in flags.batch_sizes:
                command = [sys.executable, __file__, "--batch-sizes", str(size)]
                command += ["--one", path, source, folder / "out.csv"]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                print(f"{size:>6} {source.suffix:8} {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
