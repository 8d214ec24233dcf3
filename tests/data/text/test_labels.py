"""Texts with several labels each, and texts of several parts."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from kerakit.data import load_text
from kerakit.errors import ArgumentError, DataError

TEXTS = [f"text number {n} about {'cats' if n % 2 else 'dogs'}" for n in range(24)]
TAGS = [["b", "a"], [], ["10"], ["2", "10", "2"]] * 6
FLAGS = np.array([[0, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]] * 6, "float32")
CLASSES = ("2", "10", "a", "b")


def everything(data):
    """The texts and flags of all splits, in the order of the texts' numbers."""
    tables = [data.table(split) for split in ("train", "validation", "test")]
    texts = np.concatenate([table.features["text"] for table in tables])
    flags = np.concatenate([table.target for table in tables])
    order = np.argsort([int(text.split()[2]) for text in texts])
    return texts[order].tolist(), flags[order]


def json_lines(folder):
    path = folder / "tags.jsonl"
    rows = [{"text": text, "label": tags} for text, tags in zip(TEXTS, TAGS, strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return {"source": path}


def parquet(folder):
    path = folder / "tags.parquet"
    pd.DataFrame({"text": TEXTS, "label": TAGS}).to_parquet(path)
    return {"source": path}


def separated(folder):
    path = folder / "tags.csv"
    rows = [f"{text},{' | '.join(tags)}" for text, tags in zip(TEXTS, TAGS, strict=True)]
    path.write_text("\n".join(["text,label", *rows]))
    return {"source": path, "label_separator": "|"}


def columns(folder):
    path = folder / "flags.csv"
    rows = [
        f"{text},{','.join(str(int(flag)) for flag in row)}"
        for text, row in zip(TEXTS, FLAGS, strict=True)
    ]
    path.write_text("\n".join(["text,2,10,a,b", *rows]))
    return {"source": path, "label": CLASSES}


SOURCES = {
    "json lines": json_lines,
    "parquet": parquet,
    "separator": separated,
    "columns of 0 and 1": columns,
    "pair of lists": lambda _: {"source": (TEXTS, TAGS)},
    "sets": lambda _: {"source": (TEXTS, [set(tags) for tags in TAGS])},
    "pandas": lambda _: {"source": pd.DataFrame({"text": TEXTS, "label": TAGS})},
    "polars": lambda _: {"source": pl.DataFrame({"text": TEXTS, "label": TAGS})},
    "numbers": lambda _: {
        "source": (TEXTS, [[{"a": 11, "b": 12.0}.get(tag, tag) for tag in tags] for tags in TAGS])
    },
}


@pytest.mark.parametrize("source", SOURCES)
def test_labels_of_any_source_become_a_flag_for_each(source, tmp_path):
    data = load_text(**SOURCES[source](tmp_path))
    classes = ("2", "10", "11", "12") if source == "numbers" else CLASSES
    assert data.spec.task == "multilabel" and data.spec.classes == classes
    texts, flags = everything(data)
    assert texts == TEXTS
    np.testing.assert_array_equal(flags, FLAGS)
    assert data.spec.class_counts == tuple(data.table("train").target.sum(axis=0).astype(int))


def test_rows_of_0_and_1_have_a_column_for_each_label():
    with pytest.warns(UserWarning, match="4 columns taken as several labels"):
        data = load_text((TEXTS, FLAGS.astype(int).tolist()))
    assert data.spec.classes == ("0", "1", "2", "3")
    np.testing.assert_array_equal(everything(data)[1], FLAGS)


def test_labels_are_joined_by_new_names():
    data = load_text((TEXTS, TAGS), rename_labels={"b": "a", "2": "10"})
    assert data.spec.classes == ("10", "a")
    np.testing.assert_array_equal(everything(data)[1], [[0, 1], [0, 0], [1, 0], [1, 0]] * 6)
    with pytest.raises(DataError, match="no class 'c'"):
        load_text((TEXTS, TAGS), rename_labels={"c": "a"})


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (None, "row 5.*'label': the list of labels is missing"),
        ("a", "row 5.*'label': expected a list of labels, as in other rows. Got 'a'"),
        (["a", None], "row 5.*'label': the list of labels holds None"),
        (["a", True], "row 5.*'label': the list of labels holds True"),
        ([["a"]], r"row 5.*'label': the list of labels holds \['a'\]"),
    ],
)
def test_what_is_no_list_of_labels_is_named(row, found):
    tags = [*TAGS[:5], row, *TAGS[6:]]
    with pytest.raises(DataError, match=found):
        load_text((TEXTS, tags))


def test_labels_that_cannot_be_learnt_are_refused():
    with pytest.raises(DataError, match="0 different labels"):
        load_text((TEXTS, [[]] * 24))
    with pytest.raises(DataError, match="1 different labels"):
        load_text((TEXTS, [["a"], []] * 12))
    with pytest.raises(DataError, match=r"test\), row 1 .*no training text has the label 'z'"):
        load_text((TEXTS, TAGS), test=(["one", "two"], [["a"], ["z"]]))
    with pytest.raises(DataError, match="one label for each text, and in texts they are lists"):
        load_text((TEXTS, TAGS), test=(["one", "two"], ["a", "b"]))
    with pytest.raises(ArgumentError, match="'pos_label' parameter of load_text is for one of two"):
        load_text((TEXTS, TAGS), pos_label="a")
    with pytest.raises(DataError, match="label_separator= is for strings such as"):
        load_text((TEXTS, TAGS), label_separator="|")
    with pytest.raises(ArgumentError, match="label_separator"):
        load_text((TEXTS, TAGS), label_separator="||")
    # One rare label: all of its texts may be in other splits.
    rare = [["a"], ["b"]] * 11 + [["a"], ["c"]]
    with pytest.raises(DataError, match="the class 'c' has no text to train on"):
        for seed in range(40):
            load_text((TEXTS, rare), seed=seed)


PARTS = {"title": ["Cats", "", "Dogs now", "Birds"] * 6, "body": TEXTS, "label": ["x", "y"] * 12}


def test_parts_of_a_text_have_one_vocabulary_and_lengths_of_their_own():
    data = load_text(pd.DataFrame(PARTS), text=["title", "body"])
    title, body = data.spec.features
    assert (title.name, body.name) == ("title", "body") == (title.column, body.column)
    assert title.vocabulary == body.vocabulary and {"cats", "dogs", "text"} <= {*title.vocabulary}
    assert title.characters == body.characters
    assert title.quantiles[-1] == 2.0 and set(body.quantiles) == {5.0}
    train = data.table("train")
    assert title.missing == sum(not text for text in train.features["title"]) and not body.missing
    assert set(train.features["title"]) == set(PARTS["title"])


def test_parts_that_are_all_empty_are_one_empty_text():
    with pytest.warns(UserWarning, match="1 text is empty and left out of training"):
        data = load_text(
            {
                "title": [*PARTS["title"], ""],
                "body": [*TEXTS, " "],
                "label": [*PARTS["label"], "x"],
            },
            text=("title", "body"),
            test={"title": ["Fish"], "body": ["swim"], "label": ["x"]},
            validation_size=0,
        )
    assert data.spec.sizes["train"] == 24


def test_columns_of_parts_that_are_not_there():
    with pytest.raises(DataError, match="no column 'headline', which text= names"):
        load_text(pd.DataFrame(PARTS), text=["headline", "body"])
    with pytest.raises(DataError, match="must name different columns"):
        load_text(pd.DataFrame(PARTS), text=["title", "label"])
    with pytest.raises(DataError, match=r"a pair \(texts, labels\) has one column of each"):
        load_text((TEXTS, ["x", "y"] * 12), text=["title", "body"])
    with pytest.raises(ArgumentError, match="'text' parameter of load_text"):
        load_text(pd.DataFrame(PARTS), text=[])


def test_nested_values_that_are_not_asked_for_are_left_out(tmp_path):
    """Files of texts often have more in a line than the text and its label."""
    path = tmp_path / "more.jsonl"
    rows = [
        {
            "text": text,
            "label": "xy"[n % 2],
            "spans": [[0, 4]],
            "meta": {"id": n},
            "note": [1, "a"][n % 2],
        }
        for n, text in enumerate(TEXTS)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    data = load_text(path)
    assert data.spec.classes == ("x", "y") and sum(data.spec.sizes.values()) == len(TEXTS)
    for asked in ({"text": "meta"}, {"text": ["text", "spans"]}, {"groups": "meta"}):
        with pytest.raises(DataError, match="line 1, key '(meta|spans)': the value is nested"):
            load_text(path, **asked)
    with pytest.raises(DataError, match="line 1, key 'meta': the value is nested"):
        load_text(path, label="meta")
