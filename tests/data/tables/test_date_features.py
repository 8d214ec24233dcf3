"""Columns of dates through the loaders of tables."""

import datetime
import warnings

import numpy as np
import pytest

from kerakit.data import Spec, load_arrays, load_csv
from kerakit.errors import ArgumentError, DataError

DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days) for days in range(0, 400, 10)]
Y = np.arange(40.0) % 7


def csv(texts):
    rows = [f'"{text}",{row % 3},{target}' for row, (text, target) in enumerate(zip(texts, Y))]  # noqa: B905
    return "\n".join(["day,x,y", *rows])


def strings(data):
    return [
        s for split in ("train", "validation", "test") for s in data.table(split).features["day"]
    ]


def parts(feature):
    return {part.name: part for part in feature.parts}


@pytest.mark.parametrize(
    "spelling, format",
    [
        ("%Y-%m-%d", ""),
        ("%d.%m.%Y", ""),
        ("%d/%m/%Y", "day first"),
        ("%m/%d/%y", "month first"),
        ("%b %d, %Y", ""),
        ("%Y-%m-%dT00:00:00Z", ""),
    ],
)
def test_a_text_column_of_dates_is_recognised(write, spelling, format):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load_csv(write(csv([day.strftime(spelling) for day in DAYS])), "y")
    feature = data.spec.features[0]
    assert (feature.kind, feature.dtype, feature.shape) == ("date", "string", ())
    assert feature.format == format and not feature.vocabulary
    assert sorted(strings(data)) == [str(day) for day in DAYS]
    assert Spec.from_json(data.spec.to_json()) == data.spec
    assert "1 date feature: day (2024-01-" in repr(data) and "2025-0" in repr(data)


def test_the_parts_have_the_statistics_of_the_training_rows(write):
    times = [f"{day}T{6 * (row % 2):02}:00" for row, day in enumerate(DAYS)]
    data = load_csv(write(csv([*times[:-1], ""])), "y")
    feature = data.spec.features[0]
    train = [datetime.datetime.fromisoformat(s) for s in data.table("train").features["day"] if s]
    first = min(train).replace(hour=0)
    since = [(moment - first).total_seconds() / 86400 for moment in train]
    found = parts(feature)
    assert list(found) == ["days", "year", "month", "weekday", "hour"]
    assert found["days"].mean == pytest.approx(np.mean(since))
    assert found["days"].variance == pytest.approx(np.var(since))
    assert found["days"].missing == feature.missing and found["year"].missing == 0
    assert found["year"].mean == pytest.approx(np.mean([moment.year for moment in train]))
    assert found["weekday"].vocabulary == tuple(map(str, sorted({m.weekday() for m in train})))
    assert found["month"].vocabulary == tuple(map(str, sorted({m.month for m in train})))
    assert found["hour"].vocabulary == ("0", "6")
    assert feature.minimum == min(train).isoformat() and feature.maximum == max(train).isoformat()


def test_a_part_that_does_not_vary_is_left_out(write):
    days = [f"2024-05-{1 + 7 * (row % 4):02}" for row in range(40)]
    assert list(parts(load_csv(write(csv(days)), "y").spec.features[0])) == ["days"]
    with pytest.warns(UserWarning, match="constant in the training rows: 'day'"):
        load_csv(write(csv(["2024-05-03"] * 40)), "y")


@pytest.mark.parametrize(
    "texts, kind",
    [
        ([f"{hour % 24}:30" for hour in range(40)], "categorical"),
        (list(range(1980, 2020)), "numeric"),
        ([day.strftime("%Y%m%d") for day in DAYS], "numeric"),
        ([f"2024-{row % 9:04}-A" for row in range(40)], "categorical"),
        (["2024-05-03", "soon", "later", "never"] * 10, "categorical"),
    ],
)
def test_times_years_numbers_and_codes_stay_what_they_are(write, texts, kind):
    assert load_csv(write(csv(texts)), "y").spec.features[0].kind == kind


def test_what_is_missing_in_a_text_file_is_missing(write):
    texts = [*map(str, DAYS[:36]), "", "-", "n.a.", "0000-00-00"]
    data = load_csv(write(csv(texts)), "y")
    assert data.spec.features[0].kind == "date" and strings(data).count("") == 4


def test_one_text_that_is_no_date_is_refused(write):
    path = write(csv([*map(str, DAYS[:20]), "2024-04-31", *map(str, DAYS[21:])]))
    with pytest.raises(
        DataError, match=r"line 22, column 'day': '2024-04-31' is not a date"
    ) as info:
        load_csv(path, "y")
    assert "na_values=" in str(info.value) and len(str(info.value)) < 500
    assert load_csv(path, "y", na_values=["2024-04-31"]).spec.features[0].kind == "date"
    kinds = {"day": "categorical"}
    assert load_csv(path, "y", column_types=kinds).spec.features[0].kind == "categorical"


def test_a_column_that_does_not_tell_day_from_month_is_warned_of(write):
    path = write(csv([f"0{1 + row % 9}/0{1 + row % 7}/2024" for row in range(40)]))
    with pytest.warns(UserWarning, match="whether the day or the month comes first") as caught:
        data = load_csv(path, "y")
    assert "'date:day first'" in str(caught[0].message)
    assert data.spec.features[0].format == "month first"
    for kind in ("date:day first", "date:%d/%m/%Y"):
        other = load_csv(path, "y", column_types={"day": kind})
        assert other.spec.features[0].format == kind.removeprefix("date:")
        assert sorted(strings(other)) != sorted(strings(data))


def test_numbers_are_dates_if_column_types_says_so(write):
    path = write(csv([day.strftime("%Y%m%d") for day in DAYS]))
    data = load_csv(path, "y", column_types={"day": "date"})
    assert sorted(strings(data)) == [str(day) for day in DAYS]


def test_a_wrong_format_is_refused_before_the_file_is_read():
    with pytest.raises(ArgumentError, match=r"a format such as %d/%m/%Y \(it has no year"):
        load_csv("absent.csv", "y", column_types={"day": "date:%d/%m"})
    with pytest.raises(ArgumentError, match="'numeric', 'categorical', 'date'"):
        load_csv("absent.csv", "y", column_types={"day": "time"})


def frames():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    import pyarrow as pa

    stamps = pandas.to_datetime(DAYS)
    return {
        "datetime64": pandas.DataFrame({"day": stamps}),
        "zone": pandas.DataFrame({"day": stamps.tz_localize("UTC").tz_convert("Asia/Tokyo")}),
        "date objects": pandas.DataFrame({"day": DAYS}),
        "periods": pandas.DataFrame({"day": stamps.to_period("D")}),
        "texts": pandas.DataFrame({"day": stamps.strftime("%d.%m.%Y")}),
        "polars": polars.DataFrame({"day": DAYS}),
        "arrow": pa.table({"day": pa.array(DAYS)}),
        "dict": {"day": np.array(DAYS, "datetime64[D]")},
        "list": {"day": [pandas.Timestamp(day) for day in DAYS]},
    }


@pytest.mark.parametrize("name", frames())
def test_dates_of_frames_are_dates(name):
    data = load_arrays(frames()[name], Y)
    assert data.spec.features[0].kind == "date"
    assert sorted(strings(data)) == [str(day) for day in DAYS]


def test_parquet_and_json_lines_have_dates(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"day": pandas.to_datetime(DAYS), "y": Y})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, date_format="iso")
    for name in ("a.parquet", "a.jsonl"):
        data = load_csv(tmp_path / name, "y")
        assert data.spec.features[0].kind == "date", name
        assert sorted(strings(data)) == [str(day) for day in DAYS]


def test_a_test_file_may_write_dates_in_another_usual_way(write):
    train = write(csv([day.strftime("%d/%m/%Y") for day in DAYS]))
    test = write(csv(map(str, DAYS)), "test.csv")
    data = load_csv(train, "y", test=test)
    assert data.table("test").features["day"].tolist() == [str(day) for day in DAYS]
    with pytest.raises(DataError, match=r"test.csv, line 2, column 'day': 'soon' is not a date"):
        load_csv(train, "y", test=write(csv(["soon", *map(str, DAYS[1:])]), "test.csv"))


def test_dates_as_target_are_refused_and_as_groups_they_group():
    frame = frames()["dict"] | {"x": Y}
    with pytest.raises(DataError, match="the target 'day' holds dates"):
        load_arrays(frame, "day")
    groups = {"x": Y, "day": np.repeat(frame["day"][:10], 4)}
    data = load_arrays(groups, Y, groups="day")
    assert data.spec.feature_names == ("x",)
