"""Tables of time steps: the forecast after the last row."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kerakit.errors import ArgumentError
from kerakit.serving import load_served, predict

START = pd.Timestamp("2024-01-01")


@pytest.fixture
def frame():
    """40 hours of two channels; the model of the case `channels` sees the last 6."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 2)).astype("float32")
    index = pd.date_range(START, periods=40, freq="h", name="when")
    return pd.DataFrame(values, index, ["load", "price"])


def of_windows(model, spec, frame):
    """The forecast from the arrays that a client would send."""
    window = frame[["load", "price"]].to_numpy()[None, -6:]
    time = np.array([int((frame.index[-1] - pd.Timestamp(0)).total_seconds())])
    return predict(model, {"window": window, "time": time}, spec)["forecast"][0]


def test_the_last_window_is_forecast_with_the_times_after_it(sequences, frame):
    model, spec, _ = sequences["channels"]
    expected = of_windows(model, spec, frame)
    answer = predict(model, frame, spec)
    np.testing.assert_array_equal(answer.to_numpy(), expected)
    after = pd.date_range(frame.index[-1], periods=4, freq="h", name="when")[1:]
    pd.testing.assert_index_equal(answer.index, after, check_exact=True, check_freq=True)
    frame.index.freq = None
    without = predict(model, frame, spec)
    assert without.index.freq is None and without.index.equals(after)
    whole = pd.concat([frame, answer])
    assert whole.shape == (43, 2) and whole.index.is_monotonic_increasing
    with_others = frame.assign(shop="a")[["shop", "price", "load"]]
    pd.testing.assert_frame_equal(predict(model, with_others, spec), without)


def test_each_library_gets_its_own_table(sequences, frame):
    model, spec, _ = sequences["channels"]
    expected = predict(model, frame, spec)
    column = frame.reset_index()
    answer = predict(model, column, spec)
    assert answer.when.tolist() == expected.index.tolist() and answer.index.tolist() == [40, 41, 42]
    polars = predict(model, pl.from_pandas(column), spec)
    assert isinstance(polars, pl.DataFrame) and polars.columns == ["when", "load", "price"]
    assert polars["when"].to_list() == expected.index.to_pydatetime().tolist()
    arrow = predict(model, pa.table(column), spec)
    assert isinstance(arrow, pa.Table) and arrow["price"].to_pylist() == expected.price.tolist()
    texts = column.assign(when=column.when.astype(str))
    assert predict(model, texts, spec).when.tolist() == expected.index.astype(str).tolist()
    periods = predict(model, frame.to_period("h"), spec)
    assert periods.index.tolist() == expected.index.to_period("h").tolist()
    np.testing.assert_array_equal(periods.to_numpy(), expected.to_numpy())


def test_a_series_gives_a_series(sequences, frame):
    model, spec, _ = sequences["forecast"]
    expected = predict(model, frame.price.to_numpy()[-6:], spec)["forecast"][0]
    answer = predict(model, frame.price, spec)
    assert isinstance(answer, pd.Series) and answer.name == "price"
    np.testing.assert_array_equal(answer, expected)
    assert answer.index[0] == START + pd.Timedelta(40, "h")
    numbered = predict(model, frame.price.reset_index(drop=True), spec)
    assert numbered.index.tolist() == [40, 41, 42]
    others = frame.price.set_axis([f"r{i}" for i in range(40)])
    assert predict(model, others, spec).index.tolist() == [1, 2, 3]


def test_steps_that_are_missing_are_missing_values(sequences, frame):
    model, spec, _ = sequences["channels"]
    holed = frame.copy()
    holed.iloc[-3] = np.nan
    expected = predict(model, holed, spec)
    with pytest.warns(UserWarning, match=r"1 step\(s\) of the last 6 are missing .*'when'"):
        answer = predict(model, frame.drop(frame.index[-3]), spec)
    np.testing.assert_array_equal(answer, expected)
    assert answer.index.tolist() == expected.index.tolist()
    early = predict(model, frame.drop(frame.index[3]), spec)  # before the window
    np.testing.assert_array_equal(early, of_windows(model, spec, frame))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[:5], r"from 6 steps, one in each row. Got 5 row\(s\)"),
        (lambda f: f[["load"]], r"the columns \['price'\] are missing"),
        (
            lambda f: f.iloc[[1, 0, *range(2, 40)]],
            "row 1 .*comes after .*sort the rows, or keep one series",
        ),
        (lambda f: f.iloc[np.repeat(np.arange(40), 2)], "row 1 .*40 rows repeat a time"),
        (lambda f: pd.concat([f, f - 1]), "row 40 .*keep one series where there are several"),
        (lambda f: f.set_index("load", append=True), "index of 2 levels.*table.loc"),
        (lambda f: f.assign(load=np.nan, price=np.nan), "all values of the last 6 rows are miss"),
        (lambda f: f.assign(load=np.inf), "a value of the last 6 rows is infinite"),
        (lambda f: f.assign(load="x"), "row 24 .*'load': 'x' is not a number.*or leave it empty"),
        (lambda f: f.reset_index(drop=True), "the column of times is missing"),
        (
            lambda f: f.set_index(f.index.delete(-3).append(f.index[-1:] + pd.Timedelta("7min"))),
            "the time .*:07:00' is not a whole number of steps .*resample the series to equal st",
        ),
    ],
)
def test_what_cannot_be_continued_is_one_line(sequences, frame, change, message):
    model, spec, _ = sequences["channels"]
    with pytest.raises(ArgumentError, match=f"^predict: .*{message}") as error:
        predict(model, change(frame), spec)
    assert len(str(error.value)) < 500 and "gaps=" not in str(error.value)


def test_other_steps_than_those_of_the_training_are_refused(sequences, frame):
    import dataclasses

    model, spec, _ = sequences["channels"]
    daily = dataclasses.replace(spec, series=dataclasses.replace(spec.series, step=86400.0))
    with pytest.raises(ArgumentError, match="rows are 1 hour apart, .*training were 1 day apart"):
        predict(model, frame, daily)
    monthly = dataclasses.replace(spec, series=dataclasses.replace(spec.series, step=30.4 * 86400))
    months = frame.set_axis(pd.date_range("2020-01-31", periods=40, freq="ME"))
    assert predict(model, months, monthly).index[0] == pd.Timestamp("2023-05-31")


@pytest.mark.export
def test_an_export_forecasts_the_same(sequences, sequence_exports, frame):
    model, spec, _ = sequences["channels"]
    served = load_served(sequence_exports["channels"])
    pd.testing.assert_frame_equal(served(frame), predict(model, frame, spec))
    with pytest.raises(ArgumentError, match="^load_served: .*from 6 steps"):
        served(frame[:3])


def test_the_spec_of_a_series_knows_its_times():
    import kerakit as kk

    rows = {"day": [datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in range(40)]}
    rows["sales"] = np.arange(40.0).tolist()
    spec = kk.load_series(pl.DataFrame(rows), window=4, horizon=2, gaps="fill").spec
    assert spec.series.time == "day" and spec.series.gaps == "fill"
    assert kk.Spec.from_json(spec.to_json()) == spec


def test_windows_of_several_channels_in_the_cells_of_a_frame_are_no_steps(sequences):
    model, spec, table = sequences["channels"]
    rows = {name: np.asarray(values[:3]) for name, values in table.features.items()}
    frame = pd.DataFrame({name: list(values) for name, values in rows.items()})
    expected = predict(model, rows, spec)["forecast"]
    answer = predict(model, frame, spec)
    np.testing.assert_array_equal(answer["forecast_load_1"], expected[:, 0, 0])
    assert len(answer) == 3
