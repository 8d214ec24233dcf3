"""Labelled sequences in `.ts` files."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from kerakit.data import load_sequences
from kerakit.errors import ArgumentError, DataError

HEADER = (
    "#about\n@problemName Toy\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
)
# Lines 7 to 16.
LINES = [f"{row},{row + 1},{row + 2}:{'ab'[row % 2]}" for row in range(10)]


def ts(lines=LINES, header=HEADER):
    return header + "\n".join(lines) + "\n"


@pytest.fixture
def load(write):
    def load(content, name="toy.ts", **options):
        return load_sequences(write(content, name), **options)

    return load


def changed(row, line):
    return ts([*LINES[:row], line, *LINES[row + 1 :]])


def test_sequences_labels_and_splits(load, write):
    content = ts()
    data = load(content)
    spec = data.spec
    assert (spec.task, len(spec.features)) == ("binary", 1)
    assert spec.sizes == {"train": 6, "validation": 2, "test": 2}
    assert (spec.classes, spec.class_counts, spec.dataset) == (("a", "b"), (3, 3), "toy.ts")
    assert spec.fingerprint == hashlib.sha256(content.encode()).hexdigest()
    (feature,) = spec.features
    assert (feature.name, feature.kind, feature.dtype) == ("series", "sequence", "float32")
    assert (feature.shape, feature.quantiles, feature.missing) == ((None,), (3.0,), 0)
    for split in ("train", "validation", "test"):
        table = data.table(split)
        assert table.target.dtype == np.int32
        assert np.bincount(table.target).tolist() == [len(table) // 2] * 2
        series = table.features["series"]
        assert series.dtype == np.float32 and series.shape == (len(table), 3)
        # Even first values are those of class a.
        np.testing.assert_array_equal(series[:, 0] % 2, table.target)
        np.testing.assert_array_equal(series[:, 2] - series[:, 0], 2)
    train = data.table("train").features["series"]
    assert feature.mean == pytest.approx(train.mean())
    assert feature.variance == pytest.approx(train.astype(float).var())
    assert (feature.minimum, feature.maximum) == (train.min(), train.max())
    features, label = next(iter(data.train))
    assert features["series"].shape == (3,) and label.shape == ()


def test_the_seed_decides_the_split(load):
    first, again, other = (
        load(ts(), seed=seed).table("test").features["series"].tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_unequal_lengths_end_in_nan_and_gaps_stay(load, write):
    lines = ["1,?,3:a", "4:a", "5,6:b", "7,NaN,8,9:b"]
    test = write(ts(["1,2,3,4,5:a", "1:b"]), "test.ts")
    data = load(ts(lines), test=test, validation_size=0)
    nan = np.nan
    expected = [[1, nan, 3, nan], [4, nan, nan, nan], [5, 6, nan, nan], [7, nan, 8, 9]]
    np.testing.assert_array_equal(data.table("train").features["series"], expected)
    assert data.table("test").features["series"].shape == (2, 5)
    (feature,) = data.spec.features
    # 1 3 4 5 6 7 8 9: padding is no missing value, the two inside are.
    assert (feature.missing, feature.mean, feature.maximum) == (2, 43 / 8, 9.0)
    assert (feature.quantiles[0], feature.quantiles[-1]) == (1.0, 4.0)
    assert data.spec.sizes == {"train": 4, "validation": 0, "test": 2}


def test_missing_values_at_the_end_are_as_good_as_padding(load, write):
    test = write(ts(["1:a", "2:b"]), "test.ts")
    data = load(ts(["1,2,?:a", "1:a", "3:b", "4,?:b"]), test=test, validation_size=0)
    (feature,) = data.spec.features
    assert (feature.missing, feature.quantiles[-1]) == (0, 2.0)


MULTI = "@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true 10 9\n@data\n"


def test_channels_come_last_and_numbers_are_ordered_as_numbers(load):
    lines = [f"{row},{row}:{-row},{-row}:{9 + row % 2}" for row in range(1, 11)]
    data = load(ts(lines, MULTI))
    assert data.spec.classes == ("9", "10")
    (feature,) = data.spec.features
    assert feature.shape == (None, 2) and feature.missing == (0, 0)
    assert feature.mean[0] == -feature.mean[1] and feature.maximum[1] < 0
    series = data.table("train").features["series"]
    assert series.shape == (6, 2, 2)
    np.testing.assert_array_equal(series[..., 0], -series[..., 1])


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "is empty"),
        ("1,2,3:a\n", "line 1: expected the header's @ lines"),
        ("@univariate true\n@classLabel true a b\n", "no @data line"),
        (HEADER, "line 6: no sequences follow @data"),
        (HEADER.replace("timeStamps false", "timeStamps true") + LINES[0], "line 3: @timeStamps"),
        (
            HEADER.replace("true a b", "false") + LINES[0],
            "line 5: @classLabel false, and no @targetLabel true: expected",
        ),
        (HEADER.replace("@classLabel true a b\n", "") + LINES[0], "no @classLabel true"),
        (changed(3, "1,2,3"), "line 10: no label"),
        (changed(3, "1,2,3:"), "line 10: no label"),
        (changed(3, "1,2:3,4:a"), r"line 10: found 2 channel\(s\) before the label, expected 1"),
        (changed(3, "1,two,3:a"), "line 10, channel 1, step 2: 'two' is not a number"),
        (changed(3, "1,,3:a"), "line 10, channel 1, step 2: ''"),
        (changed(3, ":a"), "line 10: channel 1 is empty"),
        (changed(3, "?,?:a"), "line 10: the sequence is empty, or all its values are missing"),
        (changed(3, "1,inf:a"), "line 10: the value of step 2 is infinite"),
        (
            changed(3, "1,2,3:c"),
            "line 10: the label is 'c', and the header's @classLabel lists 'a'",
        ),
        (ts([line[:-1] + "a" for line in LINES]), "all 10 sequences have the label 'a'"),
        (ts([*(line[:-1] + "a" for line in LINES), "1:b"]), "line 17: the class 'b' has one seq"),
        (ts(["1,2:3:9"], MULTI), "line 6: channel 2 has 1 values, and channel 1 has 2"),
        (ts(["1,2:9"], MULTI), r"line 6: found 1 channel\(s\) before the label, expected 2"),
        (ts(["1:1:9"], MULTI.replace("s 2", "s two")), "line 2: @dimensions two: expected a whole"),
        (
            ts(header=HEADER.replace("@class", "@equalLength true\n@seriesLength 4\n@class")),
            "line 9: the sequence has 3 steps, and the header says that all have @seriesLength 4",
        ),
    ],
)
def test_a_bad_file_is_refused_with_the_line(load, content, message):
    with pytest.raises(DataError, match=message) as caught:
        load(content)
    assert "load_sequences" in str(caught.value) and "load_series" not in str(caught.value)


def test_errors_are_short_whatever_the_file(load):
    long = "x" * 10_000
    for content in (changed(3, f"1,{long}:a"), changed(3, f"1,2,3:{long}"), long, f"@{long}\n"):
        with pytest.raises(DataError) as caught:
            load(content)
        assert len(str(caught.value)) <= 500


def test_a_file_without_univariate_tells_its_channels_by_its_first_line(load):
    header = HEADER.replace("@univariate true\n", "")
    assert load(ts(header=header)).spec.features[0].shape == (None,)


def test_windows_line_ends_and_old_encodings(load):
    content = ts().replace("#about", "#für").replace("\n", "\r\n").encode("latin-1")
    assert load(content).spec.classes == ("a", "b")


def test_the_test_file_has_the_labels_and_channels_of_training(load, write):
    header = HEADER.replace(" a b", "")
    with pytest.raises(DataError, match=r"test.ts, line 8: the label 'c' does not occur .* 'a', "):
        load(ts(header=header), test=write(ts(["1:a", "2:c"], header), "test.ts"))
    multi = write(ts(["1:1:9", "2:2:10"], MULTI), "multi.ts")
    with pytest.raises(
        DataError, match=r"multi.ts, line 6: the sequence has 2 channel\(s\), and the first train"
    ):
        load(ts(), test=multi)


@pytest.mark.parametrize("source", ["load.csv", np.arange(20.0), pd.DataFrame({"a": [1]}), None])
def test_other_sources_are_refused_and_a_series_is_told_where_to_go(load, source):
    message = (
        r"parameter of load_sequences must be the path of a \.ts or \.tsv file, a pair "
        r"\(sequences, labels\), or a table with a row for each step, with id= "
        r"\(load_series loads a series to forecast\)\. Got "
    )
    with pytest.raises(ArgumentError, match="'source' " + message) as caught:
        load_sequences(source)
    assert len(str(caught.value)) <= 500
    for split in ("test", "validation"):
        if source is not None:
            with pytest.raises(ArgumentError, match=f"'{split}' " + message):
                load(ts(), **{split: source})


def test_arguments_are_checked(load):
    with pytest.raises(ArgumentError, match="'test_size' parameter of load_sequences"):
        load(ts(), test_size=3)
    with pytest.raises(ArgumentError, match="'dataset' parameter of load_sequences"):
        load(ts(), dataset=3)
    with pytest.raises(DataError, match="no such file"):
        load_sequences("nowhere/toy.ts")
    assert load(ts(), dataset="toys").spec.dataset == "toys"


def test_a_constant_channel_is_warned_of(load):
    with pytest.warns(
        UserWarning, match=r"are constant in the training sequences: 2 \(7\)"
    ) as caught:
        load(ts([f"{row}:7:{9 + row % 2}" for row in range(10)], MULTI))
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "name, sizes, classes, shape, longest",
    [
        ("GunPoint", (50, 150), 2, (None,), 150),
        ("ItalyPowerDemand", (67, 1029), 2, (None,), 24),
        ("JapaneseVowels", (270, 370), 9, (None, 12), 29),
    ],
)
def test_the_archives(test_data, name, sizes, classes, shape, longest):
    folder = test_data / "sequences/ucr_uea" / name
    train, test = (folder / f"{name}_{part}.ts" for part in ("TRAIN", "TEST"))
    data = load_sequences(train, test=test, validation_size=0)
    assert data.spec.sizes == {"train": sizes[0], "validation": 0, "test": sizes[1]}
    assert len(data.spec.classes) == classes and data.spec.features[0].shape == shape
    series = data.table("test").features["series"]
    assert series.shape == (sizes[1], longest, *shape[1:])
    if name == "JapaneseVowels":
        # Lengths are those of the UCI repository: 7 to 29 in all, 30 training rows a speaker.
        lengths = [(~np.isnan(part)).any(axis=2).sum(axis=1) for part in (series,)]
        assert lengths[0].max() == 29 and data.spec.features[0].quantiles[0] == 7
        assert data.spec.class_counts == (30,) * 9
        assert data.table("train").features["series"][0, 0, 0] == np.float32(1.860936)
