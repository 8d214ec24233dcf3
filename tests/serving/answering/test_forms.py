"""Forms of rows that stand for another one, and rows that are none."""

import collections
import fractions

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kerakit as kk
from kerakit.errors import ArgumentError

FRAME = pd.DataFrame(
    {"alcohol": [9.5, 10.0, None, 12.0] * 6, "type": ["red", "white"] * 12, "new": [True] * 24}
)
COLUMNS = FRAME.to_dict("list")
RECORDS = [(9.5, "red", True), (10.0, "white", True)]
FIELDS = [("alcohol", "f8"), ("type", "U5"), ("new", "?")]


@pytest.fixture(scope="module")
def answer():
    data = kk.load_arrays(FRAME.assign(new=[True, False] * 12), np.arange(24.0))
    model = kk.linear_regressor(data)
    kernel = next(weight for weight in model.trainable_weights if weight.ndim == 2)
    kernel.assign(np.linspace(-1, 1, kernel.shape[0])[:, None])
    return lambda rows: kk.predict(model, rows)


@pytest.mark.many
@pytest.mark.parametrize(
    "rows",
    [
        pl.from_pandas(FRAME).lazy(),
        pa.table(FRAME).to_reader(),
        (row for row in FRAME.to_dict("records")),
        list(FRAME.itertuples()),
        [row for _, row in FRAME.assign(other=1).iterrows()],
        FRAME.to_records(),
        {name: iter(values) for name, values in COLUMNS.items()},
        {name: collections.deque(values) for name, values in COLUMNS.items()},
        {name: dict(enumerate(values)).values() for name, values in COLUMNS.items()},
        {name: np.array(values, object)[:, None] for name, values in COLUMNS.items()},
        {**COLUMNS, "new": True},
        {**COLUMNS, "new": np.array(1.0)},
        FRAME.assign(alcohol=FRAME.alcohol.astype("Sparse[float64]")),
        FRAME.convert_dtypes(dtype_backend="pyarrow"),
        FRAME.assign(alcohol=FRAME.alcohol.astype(object).where(FRAME.alcohol.notna(), pd.NaT)),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_each_form_is_answered_as_the_frame(answer, rows):
    expected = answer(FRAME)["prediction"]
    assert expected.nunique() > 3
    np.testing.assert_array_equal(np.asarray(answer(rows)["prediction"]), expected)


def test_one_row_and_none(answer):
    expected = answer(FRAME)["prediction"].to_numpy()
    records = np.array(RECORDS, FIELDS)
    np.testing.assert_array_equal(answer(records)["prediction"], expected[:2])
    zero = {"alcohol": np.array(9.5), "type": np.array("red"), "new": np.array(True)}
    for row in (records[0], next(FRAME.itertuples()), FRAME.iloc[0], zero):
        np.testing.assert_array_equal(answer(row)["prediction"], expected[:1])
    assert answer(FRAME[:0]).shape == (0, 1)
    assert answer({name: [] for name in COLUMNS})["prediction"].shape == (0,)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (None, "needs rows to answer. Got None"),
        ("in.csv", "To score a file, call kk.serving.predict_csv"),
        ([], "Got list"),
        (RECORDS, "Got list"),
        ({**COLUMNS, "type": set("ab")}, r"'type' must have the shape \(n,\)"),
        (FRAME.assign(alcohol=1j), "type complex128. Expected numbers, strings"),
        (FRAME.assign(alcohol=pd.cut(FRAME.alcohol, 3)), "type category. Expected numbers"),
        (FRAME.assign(alcohol=fractions.Fraction(1, 2)), "got Fraction"),
        (FRAME.assign(alcohol=pd.Timedelta("1s")), "type duration.*Convert the column"),
        (pd.concat([FRAME, FRAME[["type"]]], axis=1), "two columns have the name 'type'"),
        ([FRAME.iloc[0], 3], "row 1 .*must be a dict"),
    ],
)
def test_what_is_no_row_is_one_line(answer, rows, message):
    with pytest.raises(ArgumentError, match=f"^predict.*{message}") as error:
        answer(rows)
    assert len(str(error.value)) <= 500


@pytest.mark.many
@pytest.mark.parametrize("case", ["forecast", "series", "multivariate", "text", "tags"])
def test_no_rows_are_no_answers(sequences, case):
    model, spec, table = sequences[case]
    for answer in (
        kk.predict(model, [], spec),
        kk.predict(model, {name: values[:0] for name, values in table.features.items()}, spec),
    ):
        assert all(len(values) == 0 for values in answer.values()) and answer
