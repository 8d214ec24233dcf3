"""Several series in one table: which windows there are, what goes with them, what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest

from kerakit.data import Spec, load_series
from kerakit.errors import DataError

DAYS = pd.date_range("2024-01-01", periods=30)


def store(name, base, days=DAYS, **columns):
    """A store whose sales are base, base + 1, base + 2, ..."""
    sales = base + np.arange(float(len(days)))
    return pd.DataFrame({"day": days, "store": name, "sales": sales, **columns})


def stores(**columns):
    return pd.concat([store("a", 100, **columns), store("b", 5000, **columns)])


def load(source, **options):
    options = {"window": 4, "horizon": 2, "id": "store", "value": "sales", **options}
    return load_series(source, **{"test_size": 6, "validation_size": 4, **options})


def windows(data, split, part="window"):
    table = data.table(split)
    column = table.target if part == "target" else table.features[part]
    return np.asarray(column).tolist()


def test_no_window_reaches_from_one_series_into_another():
    data = load(stores())
    # 30 days: 20 to train, 4 to validate and 6 to test on, of each store.
    assert data.spec.sizes == {"train": 2 * 15, "validation": 2 * 3, "test": 2 * 5}
    for split in ("train", "validation", "test"):
        ids = data.table(split).features["store"]
        for id, window, target in zip(
            ids, windows(data, split), windows(data, split, "target"), strict=True
        ):
            steps = np.array([*window, *target])
            assert np.array_equal(np.diff(steps), np.ones(5))
            assert (id == "a") == (steps[0] < 1000)
    assert windows(data, "test", "target")[0] == [124, 125]


def test_rows_of_two_series_may_alternate():
    alternating = stores().sort_values(["day", "store"])
    again, data = load(alternating), load(stores())
    assert again.spec.series == data.spec.series and again.spec.sizes == data.spec.sizes
    assert windows(again, "train") == windows(data, "train")


def test_an_index_of_several_levels_tells_the_series_apart():
    table = stores()
    indexed = table.set_index(["store", "day"])
    for source in (indexed, indexed.sales):
        data = load(source, id=())
        assert data.spec.series.id == ("store",) and data.spec.series.time == "day"
        assert windows(data, "train") == windows(load(table), "train")
    periods = table.assign(day=table.day.dt.to_period("D")).set_index(["day", "store"])
    assert windows(load(periods, id=()), "test") == windows(load(table), "test")


def test_series_are_split_at_the_same_moments():
    late = store("late", 0, DAYS[16:])
    data = load(pd.concat([store("a", 100), late]), value="sales")
    # Of `late` four days are in the training part: no window. Its test windows are there.
    assert set(data.table("train").features["store"]) == {"a"}
    assert list(data.table("test").features["store"]).count("late") == 5
    assert data.spec.series.ids == ("a",)


def test_series_without_a_window_are_left_out_with_a_word():
    table = pd.concat([stores(), store("tiny", 7, DAYS[:3])])
    with pytest.warns(UserWarning, match="1 of 3 series have no window .*such as 'tiny'"):
        data = load(table)
    assert data.spec.series.ids == ("a", "b")
    with pytest.raises(DataError, match=r"The longest of 1 series has 3 steps"):
        load(store("tiny", 7, DAYS[:3]))


def test_without_times_each_series_is_split_by_itself():
    table = pd.concat([store("a", 100), store("b", 5000, DAYS[:20])]).drop(columns="day")
    data = load(table)
    ends = {
        id: t
        for id, t in zip(
            data.table("test").features["store"], windows(data, "test", "target"), strict=True
        )
    }
    assert ends == {"a": [128, 129], "b": [5018, 5019]}


def test_each_series_counts_in_its_own_deviations():
    large = store("large", 0)
    large["sales"] *= 10
    data = load(pd.concat([store("small", 0), large]))
    # 20 training days: the variance of 0 to 19 is (20^2 - 1) / 12.
    small = (20**2 - 1) / 12
    assert data.spec.series.variances == ((pytest.approx(small),), (pytest.approx(100 * small),))
    table = data.table("train")
    weight = dict(zip(table.features["store"], table.weight, strict=True))
    variance = data.spec.target.variance[0]
    assert weight["small"] == pytest.approx(variance / small, rel=1e-6)
    assert weight["large"] == pytest.approx(variance / small / 100, rel=1e-6)
    assert data.table("test").weight is None


def test_constant_series_teach_nothing():
    still = store("still", 3.0)
    still["sales"] = 3.0
    with pytest.warns(UserWarning, match="1 of 3 series are constant .* 'still'"):
        data = load(pd.concat([stores(), still]))
    table = data.table("train")
    assert set(table.weight[table.features["store"] == "still"]) == {0.0}


def test_series_that_are_all_constant_are_refused():
    table = stores()
    table["sales"] = np.where(table.store == "a", 3.0, 7.0)
    with pytest.raises(DataError, match="each of the 2 series is constant in the training split"):
        load(table)


def test_many_windows_are_thinned_out_on_all_days(monkeypatch):
    limit = {"train": 10, "validation": 4}
    monkeypatch.setattr("kerakit.data.series.forecast.MAX_WINDOWS", limit)
    data = load(stores())
    assert data.spec.sizes == {"train": 10, "validation": 3, "test": 10}
    starts = [window[0] % 100 for window in windows(data, "train")]
    assert starts == [0, 3, 6, 9, 12, 1, 4, 7, 10, 13]


def test_covariates_go_with_their_windows():
    table = stores(kind="city", promo=np.arange(30) % 3 == 0, heat=np.arange(30.0) / 2)
    table["kind"] = np.where(table.store == "a", "city", "mall")
    table["size"] = np.where(table.store == "a", 10.0, 30.0)
    data = load(table, covariates="heat", future=["promo"], static=["kind", "size"])
    names = ("window", "covariates", "future", "kind", "size", "store")
    assert data.spec.feature_names == names
    kinds = [feature.kind for feature in data.spec.features]
    assert kinds == ["sequence"] * 3 + ["categorical", "numeric", "categorical"]
    assert [feature.shape for feature in data.spec.features] == [(4,), (4,), (6,), (), (), ()]
    features, target, _ = next(iter(data.train))
    assert features["covariates"].numpy().tolist() == [0, 0.5, 1, 1.5]
    assert features["future"].numpy().tolist() == [1, 0, 0, 1, 0, 0]
    assert target.numpy().tolist() == [104, 105]
    last = data.table("test")
    assert (last.features["kind"][-1], last.features["size"][-1]) == ("mall", 30.0)
    assert np.asarray(last.features["future"])[-1].tolist() == [1, 0, 0, 1, 0, 0]
    heat = data.spec.features[1]  # 0 to 9.5 in each store
    assert (heat.mean, heat.variance) == (pytest.approx(4.75), pytest.approx(399 / 12 / 4))
    assert Spec.from_json(data.spec.to_json()) == data.spec


def test_several_covariates_have_an_axis_and_flags_of_texts_are_numbers(tmp_path):
    table = stores(promo=["yes", "no", ""] * 10, open=[True, False] * 15)
    table.to_csv(tmp_path / "stores.csv", index=False)
    data = load(tmp_path / "stores.csv", future=["promo", "open"], time="day")
    assert data.spec.features[1].shape == (6, 2) and data.spec.features[1].missing == (12, 0)
    first = np.asarray(data.table("train").features["future"])[0]
    np.testing.assert_array_equal(first[:3], [[1, 1], [0, 0], [np.nan, 1]])


def test_one_series_may_have_covariates_too():
    table = store("a", 100, promo=np.arange(30) % 2).drop(columns="store")
    data = load(table, id=(), future="promo")
    assert data.spec.feature_names == ("window", "future") and data.spec.series.id == ()
    assert data.table("train").weight is None


def test_several_columns_make_one_id():
    table = pd.concat([stores().assign(item=item) for item in (1, 2)])
    data = load(table, id=["store", "item"])
    assert data.spec.series.ids == ("a/1", "b/1", "a/2", "b/2")
    assert data.spec.feature_names == ("window", "store_item")
    with pytest.raises(DataError, match="joined by '/', are both 'a/b/c'"):
        one = stores().assign(store="a/b", item="c")
        load(pd.concat([one, one.assign(store="a", item="b/c")]), id=["store", "item"])


def test_gaps_are_counted_over_all_series():
    table = stores()
    with pytest.raises(DataError, match=r"2024-01-11.* is followed by .*2024-01-13"):
        load(table.drop(index=11), gaps="auto")
    many = pd.concat([store(f"s{n}", 100 * n) for n in range(9)], ignore_index=True)
    with pytest.warns(UserWarning, match="1 of 270 steps are missing"):
        data = load(many.drop(index=11))
    assert np.isnan(np.asarray(data.table("train").features["window"])).any()


def test_the_newest_row_of_each_series_may_come_first():
    with pytest.warns(UserWarning, match="turned round"):
        data = load(stores()[::-1])
    assert windows(data, "train")[0][0] == 5000  # the last store is the first
    assert sorted(windows(data, "test")) == sorted(windows(load(stores()), "test"))


def test_a_file_to_test_on_may_have_series_that_the_model_does_not_know():
    data = load(stores(), test=store("new", 70))
    assert set(data.table("test").features["store"]) == {"new"}
    assert "new" not in data.spec.series.ids
    with pytest.raises(DataError, match="test= has one series, and series has series told apart"):
        load(stores(), test=np.arange(30.0))


TWICE = pd.concat([stores(), stores().iloc[:1]])
HOURS = store("h", 1, pd.date_range("2024-01-01", periods=30, freq="h"))


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (stores(), {"id": "shop"}, "no column 'shop', which id= names"),
        (stores(), {"id": "sales"}, "the column 'sales' is named by value= and id="),
        (stores(), {"future": ["x"]}, "no column 'x', which future= names"),
        (stores(), {"id": (), "time": "day"}, "row 30 .*id= trains one model of all"),
        (TWICE, {}, r"row 60 .*store 'a'.*comes after"),
        (pd.concat([stores(), HOURS]), {}, "store 'h' are 1 hour apart, .* most series are 1 day"),
        (
            stores(kind=list("ab") * 15),
            {"static": "kind"},
            "row 1 .*'a', column 'kind': .*'b'",
        ),
        (stores(kind="x"), {"static": "kind", "id": ()}, "static= names what each of several"),
        (stores(promo="later"), {"future": "promo"}, "'later' is not a number"),
        (stores(window=1), {"static": "window"}, "'window' has the name of another input"),
        (stores().assign(store=[None, *"a" * 59]), {}, "row 0 .*'store': the value is missing"),
        (stores(promo=np.nan), {"future": "promo"}, "'promo': the value is missing in all 40"),
    ],
)
def test_what_cannot_be_meant_is_one_line(table, options, message):
    with warnings.catch_warnings(), pytest.raises(DataError, match=message) as error:
        warnings.simplefilter("ignore")
        load(table, **options)
    assert "\n" not in str(error.value)
