"""JSON lines that pyarrow parses are what Python's own parser gives, or are left to it."""

import json

import pytest

from kerakit.data.table_files import json_lines
from kerakit.data.table_files.json_lines import read_json_lines

KINDS = {
    "whole and broken numbers": lambda i: i if i < 20 else i + 0.5,
    "dates": lambda i: f"2024-01-{i % 28 + 1:02d}",
    "dates and words": lambda i: f"2024-01-{i % 28 + 1:02d}" if i % 20 > 9 else "later",
    "true and false": lambda i: i % 2 == 0,
    "null first": lambda i: None if i < 30 else "a",
    "null only": lambda i: None,
    "other letters": lambda i: "caf\u00e9 \U0001f600"[i % 6 :],
    "long numbers": lambda i: 2**60 + i,
}
LEFT = {
    "types": lambda i: "a" if i == 35 else i,
    "true and numbers": lambda i: True if i < 20 else 3,
    "lists": lambda i: [i],
    "objects": lambda i: {"b": i},
    "longer numbers": lambda i: 2**70 + i,
}


def lines(value, rows=40):
    return "".join(json.dumps({"n": i, "x": value(i)}) + "\n" for i in range(rows)).encode()


@pytest.fixture(params=[150, 1 << 22], ids=["many pieces", "one piece"], autouse=True)
def piece(request, monkeypatch):
    monkeypatch.setattr(json_lines, "_PIECE", request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_those_of_json(kind):
    content = lines(KINDS[kind])
    columns = read_json_lines(content)
    rows = [json.loads(line) for line in content.splitlines()]
    assert list(columns) == ["n", "x"]
    assert columns["x"].to_pylist() == [row["x"] for row in rows]
    assert columns["n"].to_pylist() == list(range(40))


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_no_column_is_left_to_the_reader_that_names_the_line(kind):
    assert read_json_lines(lines(LEFT[kind])) is None


def test_keys_come_in_the_order_in_which_they_are_met():
    rows = [{"b": "2024-01-01", "a": 1}] * 30 + [{"c": 2, "a": 1}, {"d": 1, "b": "x"}]
    columns = read_json_lines("\n".join(map(json.dumps, rows)).encode())
    assert list(columns) == ["b", "a", "c", "d"]
    assert columns["c"].to_pylist() == [None] * 30 + [2, None]


@pytest.mark.parametrize("text", ['{"a": 1}\n\n{"a": 2}\n', '{"a": 1} {"a": 2}\n', '{"a":\n1}\n'])
def test_lines_that_are_not_one_object_are_left(text):
    assert read_json_lines(text.encode()) is None


def test_blank_lines_at_the_end_and_no_last_line_break():
    for end in ("", "\n", "\n \n\n"):
        assert read_json_lines(b'{"a": 1}\r\n{"a": 2}' + end.encode())["a"].to_pylist() == [1, 2]
