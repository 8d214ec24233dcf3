"""Scoring files part by part."""

import os
import pathlib
import pty
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from serving_cases import make_spec

from kerakit.data.columns.column import read_column
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.spec import Feature
from kerakit.data.table_files import delimited_stream, parquet_stream
from kerakit.errors import ArgumentError, DataError
from kerakit.serving import load_served, predict_csv
from kerakit.serving.answering.cells import feature_values
from kerakit.serving.scoring.progress import ScoreProgress

HEADER = "fixed acidity,alcohol,kind\n"


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(delimited_stream, "_BLOCK", 128)
    monkeypatch.setattr(parquet_stream, "_ROWS", 5)


def read(column, feature, typed=False, na_values=None, form=PLAIN):
    return feature_values(
        feature,
        pa.array(column) if isinstance(column, list) else column,
        name="c",
        typed=typed,
        na_values=na_values,
        file="t",
        location=lambda row: f"t, line {row + 2}",
        format=form,
    )


NUMBER, TEXT = Feature("c"), Feature("c", "categorical", "string")


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", " 2 ", "1e3", "+4", "-.5", "6."], [1, 2, 1000, 4, -0.5, 6]),
        (["", "NA", "?", " null", "NaN", "nan", "None"], [np.nan] * 7),
        (["+nan", "-NAN", "1"], [np.nan, np.nan, 1]),
        (["01", "1.0", "1"], [1, 1, 1]),
        (["16777217", "0.1"], [16777216, np.float32(0.1)]),
    ],
)
def test_numbers_are_read_cell_by_cell(cells, numbers):
    np.testing.assert_array_equal(read(cells, NUMBER), np.array(numbers, "float32"))


@pytest.mark.parametrize(
    ("column", "typed"),
    [(["3.0", " 3", "", "7"], False), ([3.0, 3.0, None, 7.0], True), (["3", "3", None, "7"], True)],
)
def test_categories_are_spelled_as_the_vocabulary_spells_them(column, typed):
    codes = Feature("c", "categorical", "string", vocabulary=("3", "007"))
    assert read(column, codes, typed).tolist() == ["3", "3", "", "007"]


def test_markers_of_missing_numbers_can_be_given():
    np.testing.assert_array_equal(
        read(["-9", "", "1", "NA", "-"], NUMBER, na_values=("-9",)),
        [np.nan, np.nan, 1, np.nan, np.nan],
    )
    assert read(["NA", "lost", "b"], TEXT, na_values=("lost",)).tolist() == ["", "", "b"]
    assert read(["NA", "", "b"], TEXT, na_values=()).tolist() == ["NA", "", "b"]
    with pytest.raises(DataError, match="t, line 2, column 'c': 'NA' is not a number"):
        read(["NA"], NUMBER, na_values=())


@pytest.mark.parametrize(
    "cell", ["weak", "nan(7)", "0x10", "1_000", "1,5", "1e", "+", "--1", "1\0", "True", "٣"]
)
def test_what_is_no_number_is_refused_with_its_line(cell):
    with pytest.raises(DataError, match="t, line 3, column 'c': .* is not a number"):
        read(["1", cell, "2"], NUMBER)


@pytest.mark.many
def test_the_fast_way_to_numbers_gives_what_read_column_gives():
    rng = np.random.default_rng(0)
    letters = np.array(list("0123456789.eE+-infa x_("))
    words = sorted({"".join(rng.choice(letters, size)) for size in rng.integers(0, 6, 1_200)})
    slow = read_column(pa.array(words), None, False).without_markers()
    accepted = 0
    for word, odd in zip(words, slow.odd[slow.codes], strict=True):
        if odd:
            with pytest.raises(DataError, match="not a number"):
                read([word], NUMBER)
            continue
        slow = read_column(pa.array([word]), None, False).without_markers()
        if abs(slow.numbers()[0]) < 1e38 or slow.missing()[0]:
            np.testing.assert_array_equal(read([word], NUMBER), slow.numbers().astype("float32"))
            accepted += 1
    assert accepted > 100


def test_markers_of_a_missing_number_are_missing_even_alone():
    """A block of a file, or a file of one row, may hold no number to tell them by."""
    for markers in (["-"], ["-", "none", "3"], ["#DIV/0!", "n.a."]):
        numbers = [3.0 if marker == "3" else np.nan for marker in markers]
        np.testing.assert_array_equal(read(markers, NUMBER), numbers)
    assert read(["-", "none"], TEXT).tolist() == ["-", "none"]


def test_separators_of_numbers():
    form = NumberFormat(",", ".")
    cells = pa.array(["1.234,5", "-", "7", ""])
    values = read(cells, NUMBER, form=form)
    np.testing.assert_array_equal(values, [1234.5, np.nan, 7, np.nan])
    with pytest.raises(DataError, match="t, line 2, column 'c': '10.25' is not a number"):
        read(["10.25"], NUMBER, form=form)


def test_codes_are_texts_as_they_are_written():
    cells = ["1", "1.0", "01", " 1 ", "1e3", "NA", "", "True"]
    assert read(cells, TEXT).tolist() == ["1", "1.0", "01", "1", "1e3", "", "", "True"]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([3, 1, None]), ["3", "1", ""]),
        (pa.array([3.0, 0.1, None]), ["3", "0.1", ""]),
        (pa.array([True, None]), ["True", ""]),
        (pa.array([" a", None, "NA"]), [" a", "", "NA"]),
        (pa.array(["b", None, "b"]).dictionary_encode(), ["b", "", "b"]),
        (pa.nulls(2), ["", ""]),
    ],
)
def test_parquet_columns_as_texts(column, texts):
    assert read(column, TEXT, typed=True).tolist() == texts


def test_dates_of_files_are_read_as_the_training_file_was():
    feature = Feature("c", "date", "string", format="day first")
    cells = ["05/03/2024", " 2024-03-05", "March 5, 2024", "2024-03-05T00:00Z"]
    assert read(cells, feature).tolist() == ["2024-03-05"] * 4
    assert read(["", "-", "NA", "0000-00-00"], feature).tolist() == [""] * 4
    typed = pa.array(np.array(["2024-03-05T12:30", "NaT"], "datetime64[ms]"))
    assert read(typed, feature, typed=True).tolist() == ["2024-03-05T12:30:00", ""]
    with pytest.raises(DataError, match=r"t, line 3, column 'c': '31/04/2024' is not a date"):
        read(["30/04/2024", "31/04/2024"], feature)
    assert read(["30/04/2024", "soon"], feature, na_values=["soon"]).tolist() == ["2024-04-30", ""]


def test_parquet_columns_as_numbers():
    for column in (pa.array([1, None]), pa.array(["1", None]), pa.array([True, None])):
        np.testing.assert_array_equal(read(column, NUMBER, typed=True), [1, np.nan])
    np.testing.assert_array_equal(read(pa.nulls(1), NUMBER, typed=True), [np.nan])
    dates = pa.array(np.array(["2020-01-01"], "datetime64[D]"))
    with pytest.raises(DataError, match=r"t, line 2, column 'c': '2020-01-01' is not a number"):
        read(dates, NUMBER, typed=True)


def test_whole_numbers_for_a_model_that_takes_them():
    feature = Feature("c", dtype="uint8")
    assert read(["0", "255"], feature).tolist() == [0, 255]
    for cell in ("256", "-1", "1.5", "", "inf"):
        with pytest.raises(DataError, match="line 3, .*whole number of type uint8"):
            read(["1", cell], feature)
    large = Feature("c", dtype="int64")
    assert read(pa.array([2**53, -(2**63)]), large, typed=True).tolist() == [2**53, -(2**63)]
    with pytest.raises(DataError, match="whole number"):
        read(["9223372036854775808"], large)


def cells(rows):
    rng = np.random.default_rng(1)
    acidity = rng.choice(["7", "7.5", " 8e0", "NA", ""], rows)
    kind = rng.choice(["red", "white ", "rosé", '"two\nlines"', ""], rows)
    return [
        f"{a},{v:.4f},{k}" for a, v, k in zip(acidity, rng.normal(10, 1, rows), kind, strict=True)
    ]


@pytest.mark.many
@pytest.mark.parametrize("batch_size", [1, 7, 64, 4096])
def test_parts_and_batches_do_not_change_the_answers(exports, tmp_path, small_parts, batch_size):
    (tmp_path / "in.csv").write_text(HEADER + "\n".join(cells(100)))
    assert (
        predict_csv(
            exports["multiclass"],
            tmp_path / "in.csv",
            tmp_path / "out.csv",
            batch_size=batch_size,
        )
        == 100
    )
    served = load_served(exports["multiclass"])
    table = [
        row.split(",")
        for row in "\n".join(cells(100)).replace("two\nlines", "two lines").split("\n")
    ]
    numbers = [[np.nan if c.strip() in ("", "NA") else float(c) for c in row[:2]] for row in table]
    answer = served(
        {
            "acidity": [row[0] for row in numbers],
            "alcohol": [row[1] for row in numbers],
            "kind": [row[2].strip().strip('"').replace("two l", "two\nl") for row in table],
        }
    )
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 101
    assert [line.split(",")[0] for line in lines[1:]] == answer["label"].tolist()
    confidence = [float(line.split(",")[1]) for line in lines[1:]]
    np.testing.assert_allclose(confidence, answer["confidence"], atol=1e-6)
    # As short as float32 allows.
    assert all(len(line.split(",")[1]) < 14 for line in lines[1:])


@pytest.mark.export
@pytest.mark.parametrize("case", ["multiclass", "multilabel", "targets"])
def test_parquet_answers_are_the_csv_answers(exports, tmp_path, case, monkeypatch):
    from kerakit.serving.scoring import output

    monkeypatch.setattr(output, "_ROW_GROUP", 32)
    (tmp_path / "in.csv").write_text(HEADER + "\n".join(cells(100)))
    for name in ("out.csv", "out.parquet"):
        predict_csv(exports[case], tmp_path / "in.csv", tmp_path / name, batch_size=16)
    table = pq.read_table(tmp_path / "out.parquet")
    assert pq.ParquetFile(tmp_path / "out.parquet").num_row_groups == 4
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert ",".join(table.column_names) == lines[0]
    for position, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        written = [line.split(",")[position] for line in lines[1:]]
        if name in ("label", "labels"):
            assert column.to_pylist() == written
        else:
            assert column.type == pa.float32()
            np.testing.assert_array_equal(column.to_numpy(), np.array(written, "float32"))


@pytest.mark.many
def test_parquet_parts_and_its_types(exports, tmp_path, small_parts):
    kinds = ["red", "white", None, "rosé"] * 8
    table = {
        "fixed acidity": pa.array([7, None, 8, 9] * 8, pa.int16()),
        "alcohol": pa.array([9.5, 10.5, None, 11.0] * 8),
        "kind": pa.array(kinds).dictionary_encode(),
        "a.b": pa.array([[1]] * 32),
    }
    pq.write_table(pa.table(table), tmp_path / "in.parquet", row_group_size=12)
    out = tmp_path / "out.csv"
    assert predict_csv(exports["regression"], tmp_path / "in.parquet", out, batch_size=3) == 32
    columns = {
        "acidity": [7, None, 8, 9] * 8,
        "alcohol": [9.5, 10.5, None, 11.0] * 8,
        "kind": kinds,
    }
    expected = load_served(exports["regression"])(columns)["prediction"]
    written = np.array(out.read_text().splitlines()[1:], "float32")
    np.testing.assert_allclose(written, expected, rtol=1e-6)
    table["alcohol"] = pa.array([9.5] * 30 + [np.inf, 9.5])
    pq.write_table(pa.table(table), tmp_path / "in.parquet", row_group_size=12)
    with pytest.raises(
        DataError, match=r"row 30 \(counted from 0\), column 'alcohol': .* infinite"
    ):
        predict_csv(exports["regression"], tmp_path / "in.parquet", out)
    table["alcohol"] = pa.array(np.full(32, "2020-01-01", "datetime64[D]"))
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    with pytest.raises(DataError, match="row 0 .*column 'alcohol': '2020-01-01' is not a number"):
        predict_csv(exports["regression"], tmp_path / "in.parquet", out)


def test_parquet_that_cannot_be_used(exports, tmp_path):
    def score(**options):
        return predict_csv(
            exports["regression"], tmp_path / "a.pq", tmp_path / "out.csv", **options
        )

    with pytest.raises(DataError, match=r"a\.pq cannot be read: No such file"):
        score()
    (tmp_path / "a.pq").write_text("acidity")
    with pytest.raises(DataError, match=r"a\.pq cannot be read as Parquet"):
        score()
    with pytest.raises(DataError, match=r"names its columns. Leave it out"):
        score(columns=("acidity",))
    pq.write_table(pa.table({"acidity": pa.array([], pa.float32())}), tmp_path / "a.pq")
    with pytest.raises(DataError, match="has columns and no rows"):
        score()
    twice = pa.table([pa.array([1]), pa.array([2])], names=["alcohol", "alcohol"])
    pq.write_table(twice, tmp_path / "a.pq")
    with pytest.raises(DataError, match="two columns have the name 'alcohol'"):
        score()
    rows = pa.table(
        {"acidity": np.arange(50_000) / 7, "alcohol": [9.5] * 50_000, "kind": ["red"] * 50_000}
    )
    pq.write_table(rows, tmp_path / "a.pq", compression="snappy")
    content = bytearray((tmp_path / "a.pq").read_bytes())
    content[1000:9000] = bytes(8000)
    (tmp_path / "a.pq").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        score()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pq"]


@pytest.mark.many
def test_a_late_error_leaves_nothing_behind(exports, tmp_path, small_parts):
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "7,9.5,red\n" * 400 + "7,weak,red\n")
    with pytest.raises(DataError, match="line 402, column 'alcohol': 'weak' is not a number"):
        predict_csv(
            exports["regression"], source, tmp_path / "new" / "er" / "out.csv", batch_size=8
        )
    assert list(tmp_path.iterdir()) == [source]
    (tmp_path / "out.csv").write_text("kept")
    with pytest.raises(DataError):
        predict_csv(exports["regression"], source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "kept"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "'batch_size' parameter of predict_csv"),
        ({"separator": "::"}, "'separator' parameter of predict_csv"),
        ({"encoding": "latin-99"}, "'encoding' parameter of predict_csv"),
        ({"columns": 3}, "'columns' parameter of predict_csv"),
    ],
)
def test_parameters_are_checked_first(exports, tmp_path, options, message):
    with pytest.raises(ArgumentError, match=message):
        predict_csv(exports["regression"], tmp_path / "none.csv", tmp_path / "out.csv", **options)


def test_the_file_to_score_is_not_overwritten(exports, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "7,9.5,red\n")
    (tmp_path / "link.csv").symlink_to(source)
    for out in (source, tmp_path / "link.csv", tmp_path / "." / "in.csv"):
        with pytest.raises(
            ArgumentError,
            match="'out' parameter of predict_csv must be another file than the file to score",
        ):
            predict_csv(exports["regression"], source, out)
    assert source.read_text() == HEADER + "7,9.5,red\n"
    with pytest.raises(ArgumentError, match="is a folder"):
        predict_csv(exports["regression"], source, tmp_path)
    with pytest.raises(DataError, match="is a folder"):
        predict_csv(exports["regression"], tmp_path, tmp_path / "out.csv")


@pytest.mark.many
def test_layout_options_reach_the_reader(exports, tmp_path):
    source, out = tmp_path / "in.tsv", tmp_path / "out.csv"
    source.write_bytes("7\t-1\trosé\n".encode("latin-1") * 3)
    names = ("fixed acidity", "alcohol", "kind")
    options = {"columns": names, "encoding": "latin-1", "na_values": "-1"}
    assert predict_csv(exports["regression"], source, out, **options) == 3
    answer = load_served(exports["regression"])(
        {"acidity": [7.0], "alcohol": [np.nan], "kind": ["rosé"]}
    )["prediction"]
    np.testing.assert_allclose(np.array(out.read_text().split()[1:], "float32"), [answer[0]] * 3)
    with pytest.raises(DataError, match="no column 'fixed acidity'.*if the file has no header"):
        predict_csv(exports["regression"], source, out, encoding="latin-1")


def test_an_array_feature_is_no_column(exports, tmp_path):
    from kerakit.serving.scoring.columns import columns_of_features

    spec = make_spec("regression")
    spec = type(spec)(**{**vars(spec), "features": (Feature("pixels", shape=(4,)),)})
    with pytest.raises(DataError, match=r"'pixels' as an array of shape \(4,\)"):
        columns_of_features(spec, ["pixels"], "in.csv")


def read_line(terminal):
    """What was written to a terminal, up to the end of the line."""
    text = ""
    while not text.endswith("\n"):
        text += os.read(terminal, 1000).decode()
    return text


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    leader, follower = pty.openpty()
    with open(follower, "w") as terminal, ScoreProgress(stream=terminal) as progress:
        progress.show(5000, 0.5)
        progress.show(5001, 0.51)  # too soon to show
        progress.show(10_000, 1.0)
    shown = read_line(leader)
    os.close(leader)
    assert "[===============>..............]  50%  5,000 rows" in shown
    assert "5,001" not in shown
    assert "[==============================] 100%  10,000 rows\r\n" in shown
    with open(tmp_path / "log", "w") as file, ScoreProgress(stream=file) as progress:
        progress.show(10, 1.0)
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.slow
@pytest.mark.process
def test_an_interrupted_file_is_not_there(exports, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(HEADER + "7,9.5,red\n" * 300_000)
    script = textwrap.dedent("""
        import sys
        from kerakit.serving import predict_csv
        print("begun", flush=True)
        predict_csv(*sys.argv[1:], batch_size=64)
    """)
    (tmp_path / "out").mkdir()
    run = subprocess.Popen(
        [sys.executable, "-c", script, exports["regression"], source, tmp_path / "out" / "o.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list((tmp_path / "out").iterdir()):  # the file that is written aside
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in run.communicate(timeout=60)[1]
    assert list((tmp_path / "out").iterdir()) == []


SCORED = """
import sys
from kerakit.serving import predict_csv
predict_csv(*sys.argv[1:], keep="note")
with open("/proc/self/status") as file:  # getrusage would count the memory of the parent too
    print(next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM")))
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="Linux tells the peak")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_file(exports, tmp_path, kind):
    """Rows of a long text each: to hold them takes hundreds of MB, some tens are noise."""
    peaks, size = {}, {}
    for rows in (30_000, 300_000):
        numbers = pa.array(np.arange(rows))
        table = pa.table(
            {
                "acidity": np.random.default_rng(0).normal(8, 2, rows).round(3),
                "alcohol": np.random.default_rng(1).normal(10, 1, rows).round(3),
                "kind": pc.take(pa.array(["red", "white"]), pc.bit_wise_and(numbers, 1)),
                "note": pc.utf8_lpad(pc.cast(numbers, pa.string()), width=1200, padding="."),
            }
        )
        source = tmp_path / f"{rows}.{kind}"
        (csv.write_csv if kind == "csv" else pq.write_table)(table, source)
        size[rows] = table.nbytes / 2**20
        command = [sys.executable, "-c", SCORED, exports["multiclass"], source, tmp_path / "o.csv"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[rows] = float(done.stdout.split()[-1])
        with open(tmp_path / "o.csv", "rb") as file:
            assert sum(1 for _ in file) == rows + 1
    grown, held = (value[300_000] - value[30_000] for value in (peaks, size))
    assert held > 300 and grown < held / 3, (peaks, size)
