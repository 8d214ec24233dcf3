"""A file of another kind is named by its first bytes, whatever its name says."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import kerakit as kk
from kerakit.data.table_files.delimited_stream import DelimitedStream
from kerakit.errors import MAX_MESSAGE, DataError

TABLE = "x,y\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(40))


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def feather():
    sink = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"x": [1, 2]}), sink)
    return sink.getvalue()


FOREIGN = {
    "xlsx": (
        zipped(**{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}),
        r"an Excel workbook \(.xlsx\).*read_excel",
    ),
    "docx": (
        zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}),
        r"a Word document",
    ),
    "zip": (zipped(**{"train.csv": TABLE}), r"a ZIP archive\..* such as 'train\.csv'"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an Excel workbook of the old"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "html": ("\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page.*Download"),
    "xml": ('<?xml version="1.0"?><rows/>', "an XML file"),
    "bzip2": (b"BZh91AY&SY", "compressed by bzip2"),
    "feather": (feather(), "a Feather"),
    "tar in gzip": (
        gzip.compress(b"train.csv".ljust(257, b"\0") + b"ustar\x0000"),
        "a tar archive",
    ),
    "lfs": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_kind_is_named_in_one_line(write, kind):
    content, words = FOREIGN[kind]
    path = write(content)
    for load in (
        lambda: kk.load_csv(path, "y"),
        lambda: kk.load_series(path),
        lambda: kk.load_text(path),
        lambda: kk.load_tagged(path),
        lambda: kk.load_sequences(path.rename(path.with_suffix(".ts"))),
    ):
        with pytest.raises(DataError, match=rf"table\..*{words}") as caught:
            load()
        assert "\n" not in str(caught.value) and len(str(caught.value)) <= MAX_MESSAGE
        assert "latin-1" not in str(caught.value)


@pytest.mark.parametrize("kind", sorted(FOREIGN.keys() - {"tar in gzip"}))
def test_a_file_to_score_too(write, kind):
    content, words = FOREIGN[kind]
    with pytest.raises(DataError, match=words):
        DelimitedStream(write(content))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_advice_about_utf16_works(write, encoding):
    path = write(TABLE.encode(encoding))
    with pytest.raises(DataError, match=r"line 1: .*encoding='utf-(16|32)'") as caught:
        kk.load_csv(path, "y")
    with pytest.raises(DataError, match=r"line 1: .*encoding='utf-(16|32)'"):
        DelimitedStream(path)
    advice = "utf-32" if encoding == "utf-32" else "utf-16"
    if encoding.endswith("e"):  # there is no byte order mark to tell the two apart
        assert f"({encoding!r} where" in str(caught.value)
        advice = encoding
    assert kk.load_csv(path, "y", encoding=advice).spec.sizes["test"] == 8
    assert DelimitedStream(path, encoding=advice).names == ["x", "y"]


def test_parquet_and_gzip_are_read_whatever_their_names(write, tmp_path):
    plain = kk.load_csv(write(TABLE), "y")
    packed = kk.load_csv(write(gzip.compress(TABLE.encode()), "packed.csv"), "y")
    frame = pd.read_csv(tmp_path / "table.csv")
    frame.to_parquet(tmp_path / "columns.csv")
    for data in (packed, kk.load_table(tmp_path / "columns.csv", "y")):
        assert data.spec.features == plain.spec.features
    stream = DelimitedStream(tmp_path / "packed.csv")
    ((_, columns),) = stream.blocks(["x"])
    np.testing.assert_array_equal(columns["x"].to_numpy(False).astype(int), frame["x"])


def test_a_file_that_is_no_text_is_not_asked_for_its_encoding(write):
    path = write(b"\x9d\x00\x01\x02" * 200)
    with pytest.raises(DataError, match=r"table\.csv is no text: it holds NUL bytes"):
        kk.load_csv(path, "y")
