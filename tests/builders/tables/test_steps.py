"""The steps of columns: which tables have them, and what is made of a model that does."""

import dataclasses

import keras
import numpy as np
import pytest
from builder_battery import run_builder_battery

import kerakit as kk
from kerakit.builders.contract import members_of, network_of, preprocess_of
from kerakit.builders.tables.sizes import sizes_for


def test_the_rows_and_the_columns_decide_on_steps(diabetes):
    def steps(rows=6_000, columns=10, **options):
        features = diabetes.spec.features[:1] * columns
        sizes = {"train": rows - 1_000, "validation": 1_000}
        spec = dataclasses.replace(diabetes.spec, features=features, sizes=sizes)
        return sizes_for(spec, classes=False, **options).steps

    assert steps() == steps(rows=99_999) == 16
    assert (steps(columns=100), steps(columns=200)) == (10, 5)
    assert steps(rows=5_999) == steps(rows=100_000) == steps(columns=201) == 0
    assert steps(members=1) == steps(members=4, hidden_given=True) == 0
    assert steps(members=4, rows=5_999) == steps(members=4, rows=100_000) == 0


@pytest.mark.many
def test_a_model_with_steps_is_served_and_saved(diabetes, tmp_path):
    """The steps are in one graph with the rest; here 3 of column 0, at 0, at 0.5 and at 1."""
    ends = np.array([(0.0, 0.25), (0.5, 0.75), (1.0, 1.25)])

    def prepare(model):
        slope, offset = np.zeros((2, 10, 16), "float32")
        slope[0, :3], offset[0, :3] = 4, -4 * ends[:, 0]
        members_of(model).steps.set_weights([slope, offset])
        rng = np.random.default_rng(0)
        for weight in members_of(model).networks[1].weights:
            weight.assign(rng.normal(0, 0.1, weight.shape))

    spec = dataclasses.replace(diabetes.spec, sizes={"train": 6_000})
    rows = diabetes.table("test").features
    options = {"rows": rows, "prepare": prepare, "members": 2, "bins": 2}
    model, _ = run_builder_battery(kk.mlp_regressor, spec, tmp_path, **options)
    members, network = members_of(model), network_of(model)
    wide, narrow = members.networks
    assert narrow.width == wide.width + 160
    x = np.asarray(preprocess_of(model)(rows))
    read = np.asarray(keras.Model(network.input, members.columns)(x))
    np.testing.assert_array_equal(read[:, : wide.width], x)
    expected = np.clip((x[:, :1] - ends[:, 0]) / 0.25, 0, 1)
    np.testing.assert_allclose(read[:, wide.width :][:, :3], expected, atol=1e-6)
    assert expected.any() and not read[:, wide.width + 3 :].any()
    assert members_of(kk.mlp_regressor(spec, bins=0)).steps is None
