"""Whatever the names, types and values: the export answers what the model answers."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marks import needs
from serving_cases import make_spec, predict

import kerakit as kk
from kerakit.data.columns.spelling import spellings_of
from kerakit.serving import export, load_served

# No time limit: a first call traces a graph. The same examples in every run, so that a
# change is what makes a test fail.
SLOW = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

ROWS = st.integers(1, 70)
FLOATS = st.floats(width=32, allow_infinity=False) | st.sampled_from(
    [0.0, -0.0, 1e-45, 3.4e38, -3.4e38, np.nan]
)
TEXTS = st.text() | st.sampled_from(["", "red", "white", "RED", " red", "\0", "größer", "数", "🙂"])


@pytest.fixture(scope="module")
@needs("export")
def served(exports):
    return functools.cache(lambda case: load_served(exports[case]))


@settings(SLOW, max_examples=60)
@given(draw=st.data())
@pytest.mark.parametrize(
    "case",
    ["multiclass", *(pytest.param(n, marks=pytest.mark.slow) for n in ("multilabel", "quantiles"))],
)
def test_any_row_is_answered_as_by_the_model(case, draw, models, served):
    """Missing and huge numbers, and any Unicode text, in batches of any size."""
    rows = draw.draw(ROWS)
    columns = {
        "acidity": np.array(draw.draw(st.lists(FLOATS, min_size=rows, max_size=rows)), "float32"),
        "alcohol": np.array(draw.draw(st.lists(FLOATS, min_size=rows, max_size=rows)), "float32"),
        "kind": np.array(draw.draw(st.lists(TEXTS, min_size=rows, max_size=rows)), object),
    }
    tensors = {name: tf.constant(column.tolist()) for name, column in columns.items()}
    known = spellings_of(next(f for f in make_spec(case).features if f.name == "kind"))
    tensors["kind"] = tf.constant([known.category(text) for text in columns["kind"]])
    expected, answer = models[case].predict_on_batch(tensors), served(case)(columns)
    spec = make_spec(case)
    if case == "quantiles":
        got = np.stack([answer["lower"], answer["prediction"], answer["upper"]], axis=1)
        limit = 1e-5 * (np.abs(expected) + np.sqrt(spec.target.variance[0]))
        assert ((np.abs(got - expected) <= limit) | (np.isnan(got) & np.isnan(expected))).all()
        return
    np.testing.assert_allclose(answer["probabilities"], expected, rtol=0, atol=1e-5)
    if case == "multiclass":
        top = np.array([spec.classes.index(label) for label in answer["label"]])
        chosen = expected[np.arange(rows), top]
        finite = np.isfinite(expected).all(axis=1)
        assert (chosen >= expected.max(axis=1) - 1e-5)[finite].all()


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBERS = {
    "int8": st.integers(-128, 127),
    "int64": st.integers(-(2**53), 2**53),
    "uint16": st.integers(0, 2**16 - 1),
    "float16": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "float64": st.floats(-1e6, 1e6) | st.just(np.nan),
    "bool": st.booleans(),
    "object": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4),
}


@st.composite
def tables(draw):
    """A table of 24 rows: any column names, any types."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    columns = {}
    for name in names:
        dtype = draw(st.sampled_from(sorted(NUMBERS)))
        some = draw(st.lists(NUMBERS[dtype], min_size=1, max_size=24))
        columns[name] = np.array((some * 24)[:24], dtype)
    return columns


@pytest.mark.slow
@settings(SLOW, max_examples=12)
@given(columns=tables())
def test_any_table_is_served_as_it_is_predicted(columns, tmp_path_factory):
    target = np.arange(24.0) % 7
    try:
        data = kk.load_arrays(columns, target, test_size=0.25, validation_size=0.25)
        model = kk.linear_regressor(data.spec)
    except kk.KerakitError as error:
        # Two names that become one, or nothing to learn from: said, not guessed.
        assert str(error)
        return
    kk.compile(model, "regression")
    keras.utils.set_random_seed(1)
    kk.fit(model, data, epochs=1, verbose=0, early_stopping=False)
    base = tmp_path_factory.mktemp("m") / "model"
    path = export(model, data.spec, base, examples=data.train, verify=False)
    table = data.table("train")
    expected = predict(model, table.features)
    answer = load_served(path)(table.features)["prediction"]
    deviation = np.sqrt(data.spec.target.variance[0])
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5 * deviation)
