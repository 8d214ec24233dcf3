"""Delimited text block by block: what the whole file gives, and the same errors."""

import gzip

import pytest

from kerakit.data.table_files import delimited_stream
from kerakit.data.table_files.delimited import read_delimited
from kerakit.data.table_files.delimited_stream import DelimitedStream
from kerakit.errors import DataError


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 64 bytes, so that short files have many."""
    monkeypatch.setattr(delimited_stream, "_BLOCK", 64)
    monkeypatch.setattr(delimited_stream, "_CHUNK", 7)


def streamed(path, wanted=None, **options):
    stream = DelimitedStream(path, **options)
    wanted = wanted or stream.names
    columns, count = {name: [] for name in wanted}, 0
    for first, block in stream.blocks(wanted):
        assert first == len(columns[wanted[0]])
        count += 1
        for name in wanted:
            columns[name] += block[name].to_pylist()
    return columns, count


def whole(path, **options):
    columns = read_delimited(path.read_bytes(), str(path), **options).columns
    return {name: values.to_pylist() for name, values in columns.items()}


MANY = "".join(f"{row},a{row % 3},\n" for row in range(60))
FILES = {
    "plain": ("x,y,z\n" + MANY, {}),
    "no line end at the end": ("x,y,z\n" + MANY + "1,2,3", {}),
    "semicolons": (("x,y,z\n" + MANY).replace(",", ";"), {}),
    "CRLF": (("x,y,z\n" + MANY).replace("\n", "\r\n"), {}),
    "old Mac": (("x,y,z\n" + MANY).replace("\n", "\r"), {}),
    "blank lines": ("\n\nx,y,z\n\n" + MANY.replace("\n", "\n\n"), {}),
    "mark": ("\ufeffx,y,z\n" + MANY, {}),
    "quotes": ("x,y,z\n" + '"a,""b""",5" pipe,"two\nlines"\n' * 20, {}),
    "quotes are text": ('x,y\n"a,b"\n' + '"a,5"\n' * 20, {"quote": None}),
    "other quote": ("x,y,z\n" + "'a,b',c,d\n" * 30, {"quote": "'"}),
    "latin-1": (("x,y,z\n" + MANY.replace("a", "é")).encode("latin-1"), {"encoding": "latin-1"}),
    "utf-8-sig": (("x,y,z\n" + MANY.replace("a", "é")).encode("utf-8-sig"), {}),
    "utf-16": (("x,y,z\n" + MANY.replace("a", "数")).encode("utf-16"), {"encoding": "utf-16"}),
    "multi-byte": ("x,y,z\n" + MANY.replace("a", "数😀"), {}),
    "no header": (MANY, {"columns": ("x", "y", "z")}),
    "header and columns=": ("x,y,z\n" + MANY, {"columns": ("x", "y", "z")}),
    "one row": ("x,y,z\n1,2,3\n", {}),
    "NUL in a cell": ("x,y,z\n" + "1\0,2,3\n" * 9, {}),
    "a long row": ("x,y,z\n" + MANY + "1," + "w" * 1000 + ",3\n" + MANY, {}),
    "a long header": ("x," + "y" * 1000 + ",z\n" + MANY, {}),
}


@pytest.mark.parametrize("kind", FILES)
def test_blocks_give_what_the_whole_file_gives(write, kind):
    content, options = FILES[kind]
    path = write(content)
    columns, count = streamed(path, **options)
    assert columns == whole(path, **options)
    assert count > 1 or kind == "one row"


def test_a_wanted_column_comes_alone_and_gzip_is_read(write):
    path = write(gzip.compress(FILES["plain"][0].encode()), "t.csv.gz")
    columns, _ = streamed(path, ["y"])
    assert columns == {"y": [f"a{row % 3}" for row in range(60)]}


def test_the_share_of_the_file_grows_to_one(write):
    stream = DelimitedStream(write(FILES["plain"][0]))
    fractions = [stream.fraction_read() for _ in stream.blocks(["x"])]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.3
    assert fractions[-1] == 1.0


def test_a_place_is_the_line_in_the_file(write):
    stream = DelimitedStream(write('x,y\n"two\nlines",1\n\n' + "a,b\n" * 100))
    assert [stream.location(row)[-7:] for row in (0, 1, 100)] == [" line 2", " line 5", "ine 104"]
    stream = DelimitedStream(write("a,b\n" * 100), columns=("x", "y"))
    assert stream.location(40).endswith("table.csv, line 41")


LATE = "1,2,3\n" * 50
BAD = {
    "short row": ("a,b,c\n" + LATE + "1,2\n" + LATE, "line 52: expected 3 fields, found 2"),
    "long row": ("a,b,c\n" + LATE + "\n1,2,3,4\n", "line 53: expected 3 fields, found 4"),
    "encoding": (
        ("a,b,c\n" + LATE).encode() + b"\xe9,2,3\n",
        r"line 52: the text is not utf-8 .*e9",
    ),
    "cut short": (("a,b,c\n" + LATE + "1,2,").encode() + b"\xe6\x95", "line 52: the text is not"),
    "header only": ("a,b,c\n", "has a header and no rows"),
    "empty": ("\n\n", "is empty"),
    "open quote": ("a,b,c\n" + LATE + '"1,2,3\n' + LATE, "line 52: expected 3 fields, found 1"),
    "NUL": (b"a\0,\0b\0\n\0001\0,\0002\0\n\0", "line 1: the text holds NUL .*utf-16"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_as_the_whole_file_is(write, kind):
    content, message = BAD[kind]
    path = write(content)
    with pytest.raises(DataError, match=message) as caught:
        streamed(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError) as whole_file:
        whole(path)
    if kind != "header only":  # two rows are for training
        assert str(caught.value) == str(whole_file.value)


def test_a_row_that_never_ends_is_one_error(write, monkeypatch):
    monkeypatch.setattr(delimited_stream, "_MAX_ROW", 256)
    path = write("a,b,c\n" + LATE + '"1,2,3\n' + LATE * 5)
    with pytest.raises(DataError, match=r"a row after .*, line \d+ is longer than .*quote"):
        streamed(path)


def test_a_broken_gzip_is_refused(write):
    packed = gzip.compress(FILES["plain"][0].encode())
    with pytest.raises(DataError, match=r"t\.csv\.gz is no complete gzip file"):
        streamed(write(packed[:-20], "t.csv.gz"))
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        DelimitedStream(write("", "x").parent / "none.csv")
