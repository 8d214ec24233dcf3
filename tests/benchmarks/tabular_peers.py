"""kerakit's defaults for tables beside those of other learners, on the same rows.

    python tests/benchmarks/tabular_peers.py --data DIR --out FILE
        [--sets diabetes uci more ...] [--peers kerakit catboost ...] [--splits 0 1 2]

DIR is described in tabular_sets.py. Peers that are not installed are named and left out:
`pip install -e '.[benchmarks]'` brings LightGBM, CatBoost and RealMLP.

Every fit is a process of its own, one after the other, and all get the same rows. The test rows
are those that the loader draws, or the published ones; all other rows are training rows, from
which each learner draws its validation rows if it needs any. CPU seconds are those of the whole
process, with its imports and without; peers but kerakit have one thread.

Each result is appended to FILE at once, and what stands there is not measured again: an
interrupted run goes on, and to measure a peer anew its lines are removed. The tables, as
Markdown, show the means over the splits that all peers of a set have. The last table says which
targets kerakit reaches.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import pickle
import resource
import subprocess
import sys
import tempfile
import time

from tabular_models import PACKAGES, PEERS, rows_of
from tabular_sets import SETS, SPLITS, UCI, load_set
from tabular_targets import print_report

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, help="file of results, as JSON lines")
    parser.add_argument("--sets", nargs="+", default=SETS, help="names; `uci` and `more` for all")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--splits", nargs="+", type=int, help="splits, or seeds of the split")
    parser.add_argument("--report", action="store_true", help="only print the tables of --out")
    parser.add_argument("--fit", nargs=3, metavar=("PEER", "ROWS", "SEED"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.fit:
        print(json.dumps(fit(*flags.fit)))
        return
    if flags.out is None or (flags.data is None and not flags.report):
        parser.error("--data and --out are needed")
    if not flags.report:
        measure(flags.data, flags.out, sets_named(flags.sets, parser), flags.peers, flags.splits)
    print_report([entry for entry in results(flags.out) if entry["peer"] in flags.peers])


def sets_named(names, parser):
    """The sets that are asked for, in the order of `SETS`."""
    groups = {name: [name] for name in SETS}
    groups |= {"uci": UCI, "more": [name for name in SETS if name.startswith("more/")]}
    unknown = [name for name in names if name not in groups]
    if unknown:
        parser.error(f"--sets has {unknown}: expected some of {list(groups)}")
    asked = {name for group in names for name in groups[group]}
    return [name for name in SETS if name in asked]


def measure(root, out, sets, peers, splits):
    """Fit what is not in the file yet: all sets by their first split, then by the next."""
    versions = {peer: _version(PACKAGES[peer]) for peer in peers}
    for peer in [peer for peer in peers if versions[peer] is None]:
        print(f"{PACKAGES[peer]} is not installed: {peer} is left out", file=sys.stderr)
    found = {(entry["set"], entry["split"], entry["peer"]) for entry in results(out)}
    asked = {name: SPLITS[name] if splits is None else splits for name in sets}
    for split in sorted({split for of_set in asked.values() for split in of_set}):
        for name in [name for name in sets if split in asked[name]]:
            missing = [p for p in peers if versions[p] and (name, split, p) not in found]
            if missing:
                _compare(root, out, name, split, {peer: versions[peer] for peer in missing})


def _compare(root, out, name, split, versions):
    rows = rows_of(load_set(name, root, split))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "rows.pickle")
        file.write_bytes(pickle.dumps(rows))
        for peer, version in versions.items():
            measured = in_a_process(peer, file, split)
            if measured is None:
                continue
            sizes = {"rows": len(rows["train"]), "test_rows": len(rows["test"])}
            entry = {"set": name, "split": split, "peer": peer, "version": version, **sizes}
            line = json.dumps({**entry, **measured})
            with out.open("a") as lines:
                lines.write(f"{line}\n")
            print(line, file=sys.stderr, flush=True)


def in_a_process(peer, file, seed):
    """What `fit` returns, with the CPU seconds of its process; `None` where it fails."""
    environment = {**os.environ, **(ONE_THREAD if peer != "kerakit" else {})}
    command = [sys.executable, __file__, "--fit", peer, str(file), str(seed)]
    start = _cpu_of_children()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    spent = _cpu_of_children() - start
    if done.returncode:
        print(f"{peer} fails: {done.stderr[-1000:]}", file=sys.stderr)
        return None
    measured = json.loads(done.stdout.splitlines()[-1])
    return {**measured, "cpu": round(spent, 2)}


def fit(peer, file, seed):
    """Train and test in this process; return the scores and the CPU seconds of the imports."""
    import numpy as np
    import pandas  # noqa: F401 (the rows are its frames)

    predict = PEERS[peer]()
    imports = time.process_time()
    rows = pickle.loads(pathlib.Path(file).read_bytes())
    answer = np.asarray(predict(rows, int(seed)), "float64")
    return {**scores(answer, rows["test_target"]), "imports": round(imports, 2)}


def scores(answer, target):
    """RMSE of numbers; log loss and accuracy of probabilities, none of which counts as 0."""
    import numpy as np

    if answer.ndim == 1:
        return {"rmse": float(np.sqrt(np.mean((answer - target) ** 2)))}
    answer = np.clip(answer, 1e-7, 1)
    answer /= answer.sum(axis=1, keepdims=True)
    log_loss = -np.log(answer[np.arange(len(target)), target]).mean()
    return {
        "log_loss": float(log_loss),
        "accuracy": float(np.mean(answer.argmax(axis=1) == target)),
    }


def results(file):
    """The lines of a file of results, as dicts."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _version(package):
    if package == "kerakit":  # a checkout need not be installed
        import kerakit

        return f"kerakit {kerakit.__version__}"
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
