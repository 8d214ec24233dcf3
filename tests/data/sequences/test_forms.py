"""Labelled sequences in other forms than `.ts` files: arrays, lists, `.tsv` files, tables."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kerakit as kk
from kerakit.data import load_sequences
from kerakit.errors import ArgumentError, DataError

LABELS = ["up", "down"] * 10
STEPS = [np.arange(2.0, 5 + row % 3) * (1 if row % 2 == 0 else -1) for row in range(20)]


def rows_of(data):
    """The sequences of all splits without their padding, with their labels, in any order."""
    found = []
    for split in ("train", "validation", "test"):
        table = data.table(split)
        for series, label in zip(table.features["series"], table.target, strict=True):
            there = ~np.isnan(series) if series.ndim == 1 else ~np.isnan(series).all(axis=1)
            length = np.flatnonzero(there)[-1] + 1
            found.append((np.ravel(series[:length]).tolist(), data.spec.classes[label]))
    return sorted(found)


def expected(values=STEPS, labels=LABELS):
    return sorted((np.ravel(v).tolist(), label) for v, label in zip(values, labels, strict=True))


def test_a_list_of_arrays_of_unequal_length():
    data = load_sequences((STEPS, LABELS))
    assert rows_of(data) == expected()
    assert data.spec.dataset == "sequences" and data.spec.target.names == ("label",)
    assert data.spec.features[0].shape == (None,)
    assert data.spec.sizes == {"train": 13, "validation": 3, "test": 4}


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_an_array_of_steps_and_channels(channels):
    shape = (20, 7) if channels is None else (20, 7, channels)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    data = load_sequences((x, np.arange(20) % 2))
    assert rows_of(data) == expected(x, ["0", "1"] * 10)
    assert data.spec.features[0].shape == (None, *shape[2:])
    assert data.spec.classes == ("0", "1")


def test_labels_of_any_kind_are_written_as_everywhere():
    x = np.random.default_rng(0).normal(size=(20, 4))
    for labels, classes in (
        ([1, 2] * 10, ("1", "2")),
        ([1.0, 2.0] * 10, ("1", "2")),
        ([True, False] * 10, ("False", "True")),
        (pd.Series(["b ", "a"] * 10), ("a", "b")),
        (np.array(["x", "y"] * 10), ("x", "y")),
        (np.int64([-1, 10] * 10), ("-1", "10")),
    ):
        assert load_sequences((x, labels)).spec.classes == classes


def test_the_same_sequences_have_one_fingerprint_and_others_another():
    one, same = load_sequences((STEPS, LABELS)), load_sequences((list(STEPS), tuple(LABELS)))
    assert one.spec.fingerprint == same.spec.fingerprint
    other = load_sequences(([*STEPS[:-1], STEPS[-1] + 1], LABELS))
    assert one.spec.fingerprint != other.spec.fingerprint


def test_given_parts_are_used_and_labels_are_renamed():
    data = load_sequences(
        (STEPS, LABELS),
        test=(STEPS[:4], LABELS[:4]),
        rename_labels={"up": "rising"},
        pos_label="down",
        dataset="toy",
    )
    assert data.spec.sizes == {"train": 16, "validation": 4, "test": 4}
    assert data.spec.classes == ("rising", "down") and data.spec.dataset == "toy"


@pytest.mark.parametrize(
    ("sequences", "labels", "message"),
    [
        (STEPS, LABELS[:-1], r"20 sequences and 19 labels"),
        ([*STEPS[:3], [], *STEPS[4:]], LABELS, r"sequence 3 \(counted from 0\): expected numbers"),
        ([*STEPS[:3], ["a", "b"], *STEPS[4:]], LABELS, r"sequence 3 .*expected numbers.*\['a', "),
        ([*STEPS[:3], np.zeros((2, 2, 2)), *STEPS[4:]], LABELS, r"shape \(steps,\) or \(steps, ch"),
        ([*STEPS[:3], np.ones((4, 2)), *STEPS[4:]], LABELS, r"2 channel\(s\), and the first"),
        ([*STEPS[:3], [np.nan] * 3, *STEPS[4:]], LABELS, r"sequence 3 .*all its values are missin"),
        ([*STEPS[:3], [1.0, np.inf], *STEPS[4:]], LABELS, r"sequence 3 .*step 2 is infinite"),
        (STEPS, [None, *LABELS[1:]], r"sequence 0 .*the label is missing"),
        (STEPS, ["", *LABELS[1:]], r"sequence 0 .*the label is missing"),
        (STEPS, [np.nan, *[1, 2] * 9, 1], r"sequence 0 .*the label is missing"),
        (STEPS, [[1], *LABELS[1:]], r"sequence 0 .*the label is \[1\]"),
        (STEPS, ["up"] * 20, r"all 20 sequences have the label 'up'"),
        ([], [], r"there is no sequence"),
    ],
)
def test_wrong_pairs_are_one_error(sequences, labels, message):
    with pytest.raises(DataError, match=message):
        load_sequences((sequences, labels))


def test_missing_values_inside_stay_missing():
    values = [[1.0, None, 3.0, 4.0], *[list(steps) for steps in STEPS[1:]]]
    found = rows_of(load_sequences((values, LABELS)))
    ((series, _),) = [one for one in found if len(one[0]) == 4 and np.isnan(one[0]).any()]
    assert np.isnan(series).tolist() == [False, True, False, False]


# .tsv files


def tsv(values=STEPS, labels=LABELS, end="\n"):
    lines = ["\t".join([label, *map(str, v)]) for v, label in zip(values, labels, strict=True)]
    return end.join(lines) + end


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_tsv_file_of_the_archive(write, end):
    data = load_sequences(write(tsv(end=end), "toy_TRAIN.tsv"))
    assert rows_of(data) == expected()
    assert data.spec.dataset == "toy_TRAIN.tsv"


def test_nan_at_the_end_of_a_tsv_line_is_padding(write):
    longest = max(map(len, STEPS))
    padded = [np.append(steps, [np.nan] * (longest - len(steps))) for steps in STEPS]
    assert rows_of(load_sequences(write(tsv(padded), "toy.tsv"))) == expected()


def test_a_tsv_file_beside_a_ts_file(write):
    lines = [f"{','.join(map(str, v))}:{label}" for v, label in zip(STEPS, LABELS, strict=True)]
    header = ["@univariate true", "@classLabel true down up", "@data"]
    ts = write("\n".join([*header, *lines]), "toy.ts")
    assert rows_of(load_sequences(ts)) == rows_of(load_sequences(write(tsv(), "toy.tsv")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"toy\.tsv is empty"),
        ("\n \n", r"toy\.tsv is empty"),
        ("up\t1\t2\nup\nup\t3\n", r"line 2: found 'up' alone"),
        ("up\t1\t2\ndown\t1\tx\n", r"line 2, step 2: 'x' is not a number"),
        ("id\ttime\tvalue\n1\t2\t3\n", r"line 1, step 1: 'time' is not a number.* needs id="),
    ],
)
def test_wrong_tsv_files_are_one_error(write, content, message):
    with pytest.raises(DataError, match=message):
        load_sequences(write(content, "toy.tsv"))


# tables with a row for each step


def long(values=STEPS, labels=LABELS, shuffle=True, **columns):
    """A frame of steps whose rows are in no order."""
    frame = pd.concat(
        [
            pd.DataFrame({"who": f"s{row}", "t": range(len(v)), "x": v, "label": label, **columns})
            for row, (v, label) in enumerate(zip(values, labels, strict=True))
        ],
        ignore_index=True,
    )
    return frame.sample(frac=1, random_state=0) if shuffle else frame


@pytest.mark.parametrize("form", ["pandas", "polars", "arrow", "csv", "parquet", "jsonl"])
def test_a_table_with_rows_in_no_order(form, tmp_path):
    frame = long()
    path = tmp_path / f"steps.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    elif form == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    made = {"pandas": lambda f: f, "polars": pl.from_pandas, "arrow": pa.Table.from_pandas}
    source = made[form](frame) if form in made else path
    data = load_sequences(source, id="who", time="t")
    assert rows_of(data) == expected()
    assert data.spec.features[0].shape == (None,)


def test_without_a_time_the_order_of_the_rows_counts():
    frame = long(shuffle=False)
    assert rows_of(load_sequences(frame, id="who", value="x")) == expected()
    interleaved = frame.sort_values("t", kind="stable")  # two ids between each other
    assert rows_of(load_sequences(interleaved, id="who", value="x")) == expected()


def test_dates_order_the_rows_and_other_columns_are_channels():
    values = [np.stack([v, 2 * v], axis=1) for v in STEPS]
    frame = long([v[:, 0] for v in values], note="free text")
    frame["y"] = 2 * frame["x"]
    frame["t"] = pd.Timestamp("2024-03-01") + pd.to_timedelta(frame["t"], unit="D")
    with pytest.warns(UserWarning, match="not used, because they have no numbers: 'note'"):
        data = load_sequences(frame, id="who", time="t")
    assert rows_of(data) == expected(values)
    one = load_sequences(frame, id="who", time="t", value=["y"])
    assert rows_of(one) == expected([v[:, 1] for v in values])


def test_channels_of_a_test_table_are_in_the_order_of_the_training_table():
    values = [np.stack([v, 2 * v], axis=1) for v in STEPS]
    frame = long([v[:, 0] for v in values])
    frame["y"] = 2 * frame["x"]
    other = frame[["y", "label", "x", "t", "who"]]
    data = load_sequences(frame, id="who", time="t", test=other)
    np.testing.assert_array_equal(
        data.table("test").features["series"][..., 1],
        2 * data.table("test").features["series"][..., 0],
    )


def test_a_file_as_it_is_written_elsewhere(write):
    lines = ["who;t;x;label"]
    for row, (v, label) in enumerate(zip(STEPS, LABELS, strict=True)):
        lines += [f"{row};{t};{x:.1f};{label}".replace(".", ",") for t, x in enumerate(v)]
    path = write("\n".join(lines).encode("latin-1"), "steps.csv")
    data = load_sequences(path, id="who", time="t", decimal=",", encoding="latin-1")
    assert rows_of(data) == expected()


def without(column):
    """A change of a frame: one value of a column is missing."""
    return lambda frame: frame.assign(**{column: frame[column].where(frame.index != 7)})


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda f: f,
            {"id": "whom"},
            r"no column 'whom', which id= names. Did you mean 'who'",
        ),
        (lambda f: f, {"time": "when"}, r"no column 'when', which time= names"),
        (lambda f: f, {"target": "y"}, r"no column 'y', which target= names"),
        (lambda f: f, {"value": ["x", "t"]}, r"name the column 't' twice"),
        (lambda f: f.drop(columns="x"), {}, r"no other column .* has numbers"),
        (lambda f: f.iloc[:0], {}, r"no rows"),
        (
            lambda f: f.assign(who=f.who.where(f.index != 7)),
            {},
            r"'who': the value is missing; 1 of",
        ),
        (
            lambda f: f.assign(label=f.label.where(f.index != 7)),
            {},
            r"'label': the value is missing",
        ),
        (
            lambda f: f.assign(label=f.label.where(f.index != 7, "other")),
            {},
            r"column 'label': the label is .* Expected one label for each sequence",
        ),
        (
            lambda f: f.assign(t=f.t.where((f.who != "s2") | (f.t != 1), 0)),
            {},
            r"the sequence 's2' has the time 0 twice, here and at sequences, row \d+",
        ),
        (lambda f: f.assign(x="a"), {"value": "x"}, r"column 'x': 'a' is not a number"),
    ],
)
def test_wrong_tables_are_one_error(change, options, message):
    with pytest.raises(DataError, match=message):
        load_sequences(change(long()), **{"id": "who", "time": "t", **options})


def test_arguments_that_do_not_fit_the_source_are_refused(write):
    with pytest.raises(ArgumentError, match=r"a DataFrame without id="):
        load_sequences(long())
    with pytest.raises(ArgumentError, match=r"'source' .* where id= is given. Got 'toy\.ts'"):
        load_sequences("toy.ts", id="who")
    with pytest.raises(ArgumentError, match=r"'source' .* where id= is given. Got \("):
        load_sequences((STEPS, LABELS), id="who")
    with pytest.raises(ArgumentError, match="time= and value= name columns of a table.*Pass id="):
        load_sequences((STEPS, LABELS), time="t")
    for parameter in ("id", "time", "target"):
        with pytest.raises(ArgumentError, match=f"'{parameter}' parameter of load_sequences"):
            load_sequences(long(), **{"id": "who", parameter: 3})
    with pytest.raises(ArgumentError, match="'value' parameter of load_sequences"):
        load_sequences(long(), id="who", value=3)
    with pytest.raises(ArgumentError, match="'test' parameter of load_sequences"):
        load_sequences((STEPS, LABELS), test="steps.csv")


def test_the_data_makes_a_classifier():
    data = load_sequences((STEPS, LABELS))
    model = kk.sequence_classifier(data, encoder="conv", units=2)
    assert model.output_shape == (None, 2)
