"""Tables of several series: the forecast behind the last row of each."""

import keras
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kerakit as kk
from kerakit.errors import ArgumentError
from kerakit.serving import predict

DAYS = pd.date_range("2024-01-01", periods=44)


def history(name, size, kind, days=DAYS[:40]):
    rng = np.random.default_rng(int(size))
    columns = {"store": name, "kind": kind, "sales": size * (3 + rng.random(len(days)))}
    return pd.DataFrame({"day": days, **columns, "promo": rng.random(len(days)) < 0.3})


def ahead(table, count=4):
    """Rows behind the last one of each store, with no sales and a promotion on the first day."""
    parts = [table]
    for name, kind in dict(zip(table.store, table.kind, strict=True)).items():
        days = table.day[table.store == name].max() + pd.to_timedelta(np.arange(1, count + 1), "D")
        more = {"day": days, "store": name, "kind": kind, "sales": np.nan, "promo": False}
        more["promo"] = np.arange(count) == 0
        parts.append(pd.DataFrame(more))
    return pd.concat(parts)


TABLE = pd.concat([history("b", 1000, "mall"), history("a", 2, "city")])
OPTIONS = {"value": "sales", "id": "store", "future": "promo", "static": "kind"}


@pytest.fixture(scope="module")
def model():
    data = kk.load_series(TABLE, window=6, horizon=4, **OPTIONS)
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data, units=4)
    for weight in model.get_layer("network").trainable_weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.3, weight.shape))
    return model


def of_arrays(model, name, kind, table=TABLE):
    """The forecast of one store from the arrays that a client would send."""
    rows = table[table.store == name]
    promo = np.array([*rows.promo[-6:], True, False, False, False], "float32")
    sales = rows.sales.to_numpy("float32")[-6:]
    arrays = {"window": sales[None], "future": promo[None], "kind": [kind], "store": [name]}
    return predict(model, arrays)["forecast"][0]


def test_each_series_goes_on_behind_its_last_row(model):
    answer = predict(model, ahead(TABLE).sort_values("day", kind="stable"))
    assert list(answer.columns) == ["store", "day", "sales"]
    assert answer.store.tolist() == ["b"] * 4 + ["a"] * 4
    assert answer.day.tolist() == [*DAYS[40:]] * 2
    for name, kind in (("b", "mall"), ("a", "city")):
        found = answer.sales[answer.store == name].to_numpy()
        np.testing.assert_array_equal(found, of_arrays(model, name, kind))


def test_each_library_gets_its_own_table(model):
    table = ahead(TABLE)
    expected = predict(model, table)
    indexed = predict(model, table.set_index(["store", "day"]))
    pd.testing.assert_frame_equal(indexed, expected.set_index(["store", "day"]))
    polars = predict(model, pl.from_pandas(table))
    assert isinstance(polars, pl.DataFrame) and polars.columns == list(expected.columns)
    assert polars["sales"].to_list() == expected.sales.tolist()
    arrow = predict(model, pa.table(table.reset_index(drop=True)))
    assert isinstance(arrow, pa.Table) and arrow["store"].to_pylist() == expected.store.tolist()


@pytest.mark.training
def test_a_series_of_pandas_gets_a_table_where_there_are_intervals():
    series = TABLE.set_index(["store", "day"]).sales
    several = kk.load_series(series, window=6, horizon=2)
    one = kk.load_series(series["a"], window=6, horizon=2)
    for data, rows, steps in ((several, series, 4), (one, series["a"], 2)):
        model = kk.sequence_forecaster(data, units=2, encoder="segment")
        plain = predict(model, rows)
        assert isinstance(plain, pd.Series) and len(plain) == steps
        kk.calibrate(model, data, coverage=0.5)
        answer = predict(model, rows)
        assert list(answer.columns) == ["sales", "sales_lower", "sales_upper"]
        pd.testing.assert_series_equal(answer["sales"], plain, check_exact=False)


def test_a_series_that_the_model_does_not_know_is_answered(model):
    new = history("new", 50, "kiosk", DAYS[:20])
    with pytest.warns(UserWarning) as caught:
        answer = predict(model, ahead(new))
    said = [str(warning.message) for warning in caught]
    assert any("'kind': 1 of 1 series have a value that is not in the training" in s for s in said)
    assert any("'store': 1 of 1 series" in sentence for sentence in said)
    np.testing.assert_array_equal(answer.sales, of_arrays(model, "new", "kiosk", new))
    assert answer.day.tolist() == [*DAYS[20:24]] and np.isfinite(answer.sales).all()


def test_series_with_few_rows_get_none(model):
    table = ahead(pd.concat([TABLE, history("tiny", 3, "city", DAYS[:5])]))
    with pytest.warns(UserWarning, match=r"1 of 3 series have fewer rows than the 6 .*: 'tiny'"):
        answer = predict(model, table)
    assert set(answer.store) == {"a", "b"}
    with pytest.raises(ArgumentError, match="none of 1 series has so many"):
        predict(model, table[table.store == "tiny"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t[t.sales.notna()],
            r"store 'b': the model takes 'promo' of the 4 .* 0 row",
        ),
        (lambda t: t.drop(columns="promo"), r"store 'b': the columns \['promo'\] are missing"),
        (lambda t: t.drop(columns="kind"), r"the columns \['kind'\] are missing"),
        (lambda t: t.drop(columns="store"), "column 'store', which tells them apart, is missing"),
        (
            lambda t: t.assign(promo=t.promo.where(t.day < DAYS[42])),
            "store 'b', column 'promo': the value of a step ahead is missing",
        ),
        (lambda t: t.assign(promo="perhaps"), "row 24 .*'promo': 'perhaps' is not a number"),
        (lambda t: t.assign(kind=["x", *t.kind[1:]]), "store 'b', column 'kind': .*'mall'.*'x'"),
        (
            lambda t: ahead(TABLE, 5)[lambda u: u.day != DAYS[41]],
            "column 'promo': the value of a step ahead is missing",
        ),
        (lambda t: pd.concat([t, t]), "row 88 .*store 'b'.* comes after"),
    ],
)
def test_what_cannot_be_continued_is_one_line(model, change, message):
    with pytest.raises(ArgumentError, match=f"^predict: .*{message}") as error:
        predict(model, change(ahead(TABLE)))
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.export
@pytest.mark.slow
def test_a_file_is_forecast_as_the_table_is(model, tmp_path):
    data = kk.load_series(TABLE, window=6, horizon=4, **OPTIONS)
    kk.calibrate(model, data, coverage=0.5)
    path = kk.export(model, data, tmp_path / "model")
    ahead(TABLE).to_csv(tmp_path / "in.csv", index=False)
    assert kk.serving.predict_csv(path, tmp_path / "in.csv", tmp_path / "out.csv") == 8
    written, expected = pd.read_csv(tmp_path / "out.csv"), predict(model, ahead(TABLE))
    assert list(written.columns) == ["store", "day", "sales", "sales_lower", "sales_upper"]
    assert written.day.tolist() == expected.day.astype(str).tolist()
    np.testing.assert_allclose(written.sales, expected.sales, rtol=1e-5)
    halves = (written.sales_upper - written.sales_lower).groupby(written.store).mean()
    assert halves["b"] > 100 * halves["a"]  # one sells 500 times as much
