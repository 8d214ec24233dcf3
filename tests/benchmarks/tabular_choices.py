"""What a choice of the networks with members is worth: the loss of rows left out.

Each row is predicted by the member that left it out, from the training and validation rows alone:
no test row is read. Losses are mean squared errors of standardised targets, or log losses.

    python tests/benchmarks/tabular_choices.py --data DIR [--sets NAME ...] [--variants NAME ...]
"""

import argparse
import contextlib
import dataclasses
import pathlib
import time
from unittest import mock

from tabular_sets import load_set

SETS = (
    *("diabetes", "yacht", "energy", "concrete", "red wine", "more/servo", "more/pwLinear"),
    *("german credit", "titanic", "more/sonar", "more/glass", "more/haberman"),
)
# Arguments of the builder, of `compile` and of `fit` that differ from the defaults. The builder's
# `sizes` are no argument: they are fields of `Sizes`, which is what a rule decides. `lower` is the
# factor of an error below which square roots are predicted, `kernel_rows` how many rows a kernel
# holds at most, `trees` how many trees a member has at most, and `branching` the number of rows
# below which trees are symmetric.
RULES = ("sizes", "lower", "kernel_rows", "trees", "branching")
VARIANTS = {
    "default": ({}, {}, {}),
    "members=4": ({"members": 4}, {}, {}),
    "members=16": ({"members": 16}, {}, {}),
    "one network of 128-128": ({"hidden": (128, 128), "members": 8}, {}, {}),
    "bins=0": ({"bins": 0}, {}, {}),
    "bins=32": ({"bins": 32}, {}, {}),
    "dropout=0.3": ({"dropout": 0.3}, {}, {}),
    "activation=relu": ({"activation": "relu"}, {}, {}),
    "learning_rate=0.003": ({}, {"learning_rate": 0.003}, {}),
    "learning_rate=0.008": ({}, {"learning_rate": 0.008}, {}),
    "learning_rate=0.012": ({}, {"learning_rate": 0.012}, {}),
    "steps=0": ({"sizes": {"steps": 0}}, {}, {}),
    "steps=64": ({"sizes": {"steps": 64}}, {}, {}),
    "wide networks of 128-128": ({"sizes": {"hidden": (128, 128)}}, {}, {}),
    "no square roots": ({"lower": 0.0}, {}, {}),
    "no kernel": ({"kernel_rows": 0}, {}, {}),
    "no trees": ({"trees": 0}, {}, {}),
    "symmetric trees": ({"branching": 1_000_000}, {}, {}),
    "branching trees": ({"branching": 0}, {}, {}),
    "patience=20": ({}, {"patience": 20}, {}),
    "patience=50": ({}, {"patience": 50}, {}),
    "neither": ({"kernel_rows": 0, "trees": 0}, {}, {}),
    "50 epochs": ({}, {"patience": 12}, {"epochs": 50}),
    "100 epochs": ({}, {"patience": 25}, {"epochs": 100}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    print("| set | " + " | ".join(arguments.variants) + " |")
    print("| --- |" + " --- |" * len(arguments.variants))
    ratios = {name: [] for name in arguments.variants}
    for name in arguments.sets:
        found = {variant: measured(name, arguments.data, variant) for variant in arguments.variants}
        cells = [f"{loss:.4g} ({seconds:.0f} s)" for loss, seconds in found.values()]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        for variant, (loss, _) in found.items():
            ratios[variant].append(loss / found[arguments.variants[0]][0])
    means = [f"{geometric_mean(each):.3f}" for each in ratios.values()]
    print(f"| mean, by the first | {' | '.join(means)} |")


def measured(name, root, variant):
    """The loss of rows left out, and the CPU seconds of `fit`."""
    import keras

    import kerakit as kk
    from kerakit.builders.tables import sizes
    from kerakit.training.linear_path import roots
    from kerakit.training.members import trees

    of_builder, of_compile, of_fit = VARIANTS[variant]
    data = load_set(name, root, 0)
    build = kk.mlp_classifier if data.spec.is_classification else kk.mlp_regressor
    keras.utils.set_random_seed(0)
    arguments = {key: value for key, value in of_builder.items() if key not in RULES}
    branching = of_builder.get("branching", sizes.BRANCHING)
    limits = {
        "KERNEL_ROWS": of_builder.get("kernel_rows", sizes.KERNEL_ROWS),
        "TREES": of_builder.get("trees", sizes.TREES),
        "MORE_TREES": of_builder.get("trees", sizes.MORE_TREES),
        "BRANCHING": branching,
    }
    limited = mock.patch.multiple(sizes, **limits)
    with limited, changed_sizes(**of_builder.get("sizes", {})):
        model = build(data, **arguments)
    kk.compile(model, **of_compile)
    start = time.process_time()
    with (
        mock.patch.object(roots, "LOWER", of_builder.get("lower", roots.LOWER)),
        mock.patch.object(trees, "BRANCHING", branching),
    ):
        history = kk.fit(model, data, verbose=0, **{"epochs": "auto", **of_fit})
    return history.validation_loss, time.process_time() - start


@contextlib.contextmanager
def changed_sizes(**changed):
    """Inside the block, builders take the sizes of the rule with other values of some fields."""
    from kerakit.builders.tables import options

    rule = options.sizes_for
    options.sizes_for = lambda *arguments: dataclasses.replace(rule(*arguments), **changed)
    try:
        yield
    finally:
        options.sizes_for = rule


def geometric_mean(values):
    import numpy as np

    return float(np.exp(np.mean(np.log(values))))


if __name__ == "__main__":
    main()
