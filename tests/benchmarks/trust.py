"""How far the answers of calibrated models can be believed, and what calibration costs.

    python tests/benchmarks/trust.py --data DIR [--sets NAME ...] [--splits 0 1 2] [--cqr]

DIR is that of `tabular_peers.py`, and for `trec` and `mnist` holds `text/trec` and `tfds`. Every
training is a process of its own, by the defaults of builder and recipe, and is calibrated for 90 %.
Of numbers, `width` is the mean width of the intervals over the standard deviation of the target,
and `one width` that of split conformal prediction without a spread, on the same rows left out.
With `--cqr` a quantile regressor of the levels .05, .5 and .95 (a network alone) is trained as
well, and its conformalised intervals are measured beside. Of classes, log loss and ECE are those of
the test rows before and after. `CPU` is that of `calibrate` as a share of that of `fit`.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from tabular_sets import MORE_CLASSES, MORE_NUMBERS, load_set

NUMBERS = (
    *("diabetes", "yacht", "energy", "concrete", "red wine", "white wine", "california"),
    *(f"more/{name}" for name in MORE_NUMBERS),
)
CLASSES = (
    *("breast cancer", "penguins", "german credit", "titanic", "adult", "trec", "mnist"),
    *(f"more/{name}" for name in MORE_CLASSES),
)
COVERAGE = 0.9
LEVELS = (0.05, 0.5, 0.95)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=NUMBERS + CLASSES)
    parser.add_argument("--splits", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--cqr", action="store_true", help="train quantile regressors as well")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.data, *options.one, options.cqr)))
        return
    sets = options.sets or [*NUMBERS, *CLASSES]
    for names in ([s for s in sets if s in NUMBERS], [s for s in sets if s in CLASSES]):
        if names:
            _print_table(names, options)


def measured(data, name, split, cqr):
    """The figures of one training: a dict from name to number."""
    import keras
    import numpy as np

    import kerakit as kk
    from kerakit.training.held_out import held_out_of
    from kerakit.trust.conformal import conformal_quantile

    loaded = _load(name, data, int(split))
    keras.utils.set_random_seed(int(split))
    model, epochs = _built(name, loaded)
    start = time.process_time()
    kk.fit(model, loaded, epochs=epochs, seed=int(split), verbose=0)
    spent = time.process_time() - start
    raw = kk.predict(model, loaded.test)
    start = time.process_time()
    kk.calibrate(model, loaded, coverage=COVERAGE)
    found = {"CPU": (time.process_time() - start) / spent}
    answer, y = kk.predict(model, loaded.test), _targets(loaded, "test")
    if loaded.spec.is_classification:
        return found | _of_classes(raw, answer, y, loaded.spec)
    spread = y.std()
    held_out = held_out_of(model)
    target = np.concatenate([_targets(loaded, split) for split in held_out.splits])
    one = conformal_quantile(np.abs(target - held_out.answers.ravel()), COVERAGE)
    found |= {
        **_of_numbers(answer["lower"], answer["upper"], y, spread),
        "one width: coverage": float(np.mean(np.abs(y - raw["prediction"]) <= one)),
        "one width": float(2 * one / spread),
    }
    if cqr:
        keras.utils.set_random_seed(int(split))
        model = kk.mlp_regressor(loaded, quantiles=LEVELS)
        kk.compile(model)
        kk.fit(model, loaded, epochs="auto", seed=int(split), verbose=0)
        kk.calibrate(model, loaded, coverage=COVERAGE)
        answer = kk.predict(model, loaded.test)
        of = _of_numbers(answer["lower"], answer["upper"], y, spread)
        found |= {f"CQR: {name}": value for name, value in of.items()}
    return found


def _load(name, root, split):
    import kerakit as kk

    if name == "trec":
        stem = str(root / "text" / "trec" / "TREC")
        return kk.load_text(
            f"{stem}.train.all",
            columns=("label", "text"),
            separator=" ",
            encoding="latin-1",
            test=f"{stem}.test.all",
            seed=split,
        )
    if name == "mnist":
        return kk.load_tfds("mnist", data_dir=root / "tfds", seed=split)
    return load_set(name, root, split)


def _built(name, data):
    import kerakit as kk

    if name == "trec":
        model, epochs = kk.text_classifier(data), 20
    elif name == "mnist":
        model, epochs = kk.cnn_classifier(data), 4
    else:
        build = kk.mlp_classifier if data.spec.is_classification else kk.mlp_regressor
        model, epochs = build(data), "auto"
    kk.compile(model)
    return model, epochs


def _targets(data, split):
    import numpy as np

    return np.concatenate([np.asarray(y) for _, y, *_ in data.batches(split, 4096)]).ravel()


def _of_numbers(lower, upper, y, spread):
    from kerakit.evaluation.metrics.coverage import interval_metrics

    of = interval_metrics(y, lower, upper)
    return {"coverage": of["coverage"], "width": of["interval_width"] / float(spread)}


def _of_classes(raw, answer, y, spec):
    import numpy as np

    from kerakit.evaluation.metrics.coverage import set_metrics
    from kerakit.evaluation.metrics.metrics import classification_metrics

    found = {}
    for when, p in (("before", raw["probabilities"]), ("after", answer["probabilities"])):
        of = classification_metrics(y, p)
        found |= {f"{measure} {when}": of[measure] for measure in ("log_loss", "ece")}
    inside = answer["set"] == np.array(spec.classes, object)
    return found | set_metrics(y, inside) | {"accuracy": of["accuracy"]}


def _print_table(names, options):
    """A row for each set, with means over the splits; below the mean of all sets."""
    rows, header = [], None
    for name in names:
        results = [_one(name, split, options) for split in options.splits]
        means = {key: statistics.mean(one[key] for one in results) for key in results[0]}
        if header is None:
            header = list(means)
            print(f"\n| set | {' | '.join(header)} |\n{'| --- ' * (len(header) + 1)}|")
        rows.append(means)
        print(f"| {name} | {' | '.join(f'{means[key]:.4f}' for key in header)} |", flush=True)
    total = {key: statistics.mean(row[key] for row in rows) for key in header}
    print(f"| mean | {' | '.join(f'{total[key]:.4f}' for key in header)} |")


def _one(name, split, options):
    command = [sys.executable, __file__, "--data", options.data, "--one", name, str(split)]
    command += ["--cqr"] if options.cqr else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
