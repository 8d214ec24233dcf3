"""Tables in JSON: an object on each line, or a list of objects."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.data.table_files import json_rows
from kerakit.data.table_files.json_rows import JsonStream
from kerakit.errors import DataError

FRAME = pd.DataFrame(
    {
        "a": [i % 7 + 0.5 if i % 9 else None for i in range(60)],
        "code": [f"0{i % 3}" for i in range(60)],
        "on": [i % 2 == 0 for i in range(60)],
        "y": np.arange(60) % 5,
    }
)
LINES = FRAME.to_json(orient="records", lines=True)


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "t.csv", "t.jsonl.gz"])
def test_json_lines_are_the_frame(write, name):
    content = gzip.compress(LINES.encode()) if name.endswith("gz") else LINES
    data = kk.load_table(write(content, name), "y", task="regression")
    same = kk.load_arrays(FRAME.drop(columns="y"), FRAME["y"], task="regression")
    assert data.spec.features == same.spec.features
    assert data.table("test").features["code"].tolist() == (
        same.table("test").features["code"].tolist()
    )


def test_a_list_of_objects_too(write):
    data = kk.load_table(write(FRAME.to_json(orient="records"), "t.json"), "y", task="regression")
    assert data.spec.feature_names == ("a", "code", "on")


BAD = {
    "nested": ('{"a": {"b": 1}, "y": 2}\n', r"line 62, key 'a': the value is nested: \{'b': 1\}"),
    "a list": ('{"a": [1, 2], "y": 2}\n', "line 62, key 'a': the value is nested.*json_normalize"),
    "no JSON": ("a,b\n", r"line 62: the line is no JSON \(Expecting value\)"),
    "cut short": ('{"a": 1, "y"', "line 62: the line is no JSON"),
    "no object": ("[1, 2]\n", r"line 62: expected a JSON object .* Got \[1, 2\]"),
    "mixed": ('{"a": "1", "y": 2}\n', "line 62, key 'a': '1' is a str, .* each a number"),
    "encoding": (b'{"a": "\xe9"}\n', "line 62: the text is not utf-8"),
    "infinite": ('{"a": 1e999, "y": 2}\n', "line 62, column 'a': the value is infinite"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_lines_are_named(write, kind):
    line, message = BAD[kind]
    line = line if isinstance(line, bytes) else line.encode()
    path = write(LINES.encode() + b"\n" + line, "t.jsonl")
    with pytest.raises(DataError, match=message) as caught:
        kk.load_table(path, "y", task="regression")
    assert "\n" not in str(caught.value)


def test_empty_files_and_lists(write):
    for content in ("{}\n{}\n", "[]"):
        with pytest.raises(DataError, match=r"t\.json has no rows"):
            kk.load_table(write(content, "t.json"), "y")
    with pytest.raises(DataError, match="Leave out columns="):
        kk.load_table(write(LINES, "t.jsonl"), "y", columns=("a", "y"))


def test_a_file_to_score_is_read_block_by_block(write, monkeypatch):
    monkeypatch.setattr(json_rows, "_BLOCK", 7)
    stream = JsonStream(write('{"b": 1}\n\n' + LINES, "t.jsonl"))
    assert stream.names == ["b", *FRAME.columns] and stream.typed
    read, firsts = [], []
    for first, block in stream.blocks(["a", "code"]):
        firsts.append(first)
        read += block["code"].to_pylist()
    assert read == [None, *FRAME["code"]] and firsts == list(range(0, 61, 7))
    assert stream.location(3).endswith("t.jsonl, line 5") and stream.fraction_read() == 1.0
    packed = JsonStream(write(gzip.compress(LINES.encode()), "t.jsonl.gz"))
    assert sum(len(block["a"]) for _, block in packed.blocks(["a"])) == 60
    assert json.loads(LINES.splitlines()[0])["code"] == "00"


def test_a_stream_reads_past_nested_values_of_other_keys(write):
    """A file of texts with lists of labels is scored by its texts."""
    stream = JsonStream(write('{"a": 1, "tags": ["x"]}\n{"a": 2, "tags": []}\n', "t.jsonl"))
    ((_, columns),) = stream.blocks(["a"])
    assert columns["a"].to_pylist() == [1, 2] and stream.names == ["a", "tags"]
    with pytest.raises(DataError, match=r"t\.jsonl, line 1, key 'tags': the value is nested"):
        list(stream.blocks(["tags"]))
