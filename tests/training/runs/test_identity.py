"""The values that tell one training run from another."""

import numpy as np

import kerakit as kk
from kerakit.training.options import FitOptions
from kerakit.training.runs.identity import run_identity


def split_of(**options):
    """What the identity of a run says about the split of 20 rows."""
    rows = {"x": np.arange(20.0)}, np.arange(20.0) % 7
    data = kk.load_arrays(*rows, test=rows, task="regression", **options)
    model = kk.linear_regressor(data)
    kk.compile(model)
    fit = FitOptions(owner="fit", epochs=1)
    how = {"batch_size": 8, "precision": "float32", "fixed_epochs": False}
    return run_identity(model, data, fit, **how)["split"]


def test_a_run_on_other_groups_of_the_same_rows_is_another_run():
    none = split_of(validation_size=0)
    assert none == {"train": 20, "validation": 0, "test": 20, "seed": 0}
    pairs, halves, again = (
        split_of(validation_size=0, groups=[f"g{n}" for n in np.arange(20) // size])
        for size in (2, 10, 2)
    )
    assert pairs == again != halves
    assert pairs.pop("groups") != halves.pop("groups") and pairs == halves == none
