"""Texts that cannot be used, each with one clear error."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from kerakit.data import load_text
from kerakit.errors import ArgumentError, DataError

GOOD = "".join(f"{'ab'[n % 2]},text {n}\n" for n in range(20))
HEADED = "label,text\n" + GOOD

BAD_FILES = {
    "empty": ("", r"table\.csv is empty\. Expected a file of texts"),
    "blank": (" \n\n", r"table\.csv is empty"),
    "header only": ("label,text\n", r"table\.csv has a header and no rows"),
    "long row": (HEADED + "a,one, two\n", r"csv, line 22: expected 2 fields, found 3"),
    "numbers": ("label,text\na,1\nb,2.5\na,3\nb,\n", r"'text' has numbers.*'3'.*load_table"),
    "empty texts": ("label,text\na,\nb,\na,\nb,\n", r"'text': all 4 texts are empty"),
    "one label": ("label,text\na,one\na,two\n", r"'label' has one class only, 'a'"),
    "missing label": (HEADED + ",new\n", r"csv, line 22, column 'label': the target is missing"),
    "single label": (HEADED + "c,new\n", r"line 22, .*the class 'c' has one row.*rename_labels="),
    "amounts": (
        "label,text\n" + "".join(f"{n / 7},text {n}\n" for n in range(40)),
        r"'label': the labels are numbers, 40 different ones in 40 rows, such as '0'",
    ),
    "latin": ((HEADED + "a,caf\xe9\n").encode("latin-1"), r"line 22: .*not utf-8 \(byte e9\)"),
    "utf-16": (HEADED.encode("utf-16"), r"line 1: .*begins as UTF-16 does.*encoding='utf-16'"),
    "nul": (HEADED + "a,b\0c\n", r"csv, line 22: the text holds a NUL character"),
    "no column": (HEADED.replace("text", "Texts", 1), r"no column 'text'.*'Texts'\?.*'label'"),
    "no header": (GOOD, r"no column 'text'.*'a', 'text 0'\. If the file has no header, .*columns="),
    "all the same": ("label,text\n" + "a,one\nb,one\n" * 9, r"18 rows left to split are all the"),
    "punctuation": ("label,text\n" + "a,!!\nb,??\n" * 9 + "a,!\nb,.\n" * 9, "no training text"),
    "reserved": (HEADED.replace("label,text", "label,label"), "no column 'text'"),
}


@pytest.mark.filterwarnings("ignore:.*more than one label")
@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_are_refused_in_one_line(write, kind):
    content, message = BAD_FILES[kind]
    with pytest.raises(DataError, match=message) as caught:
        load_text(write(content))
    assert "\n" not in str(caught.value) and "load_text" in str(caught.value)
    # `load_text` has no such parameter.
    assert "task=" not in str(caught.value)


def test_files_that_are_not_there_or_no_text(write, tmp_path):
    write(HEADED, "mails.csv")
    with pytest.raises(DataError, match=r"mail\.csv: no such file\. Did you mean 'mails\.csv'"):
        load_text(tmp_path / "mail.csv")
    with pytest.raises(DataError, match=r"a\.csv\.gz is no complete gzip file"):
        load_text(write("no gzip", "a.csv.gz"))
    pyarrow.parquet.write_table(pa.table({"text": ["a"], "label": ["b"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet: JSON and Parquet have no separator"):
        load_text(tmp_path / "a.parquet", separator=",")
    line = '{"text": "a", "label": %s}'
    for label in ('["b", "c"]', "null"):
        write("\n".join([line % '"b"', "", line % label]), "a.jsonl")
        with pytest.raises(DataError, match=r"a\.jsonl, line 3.*'label'"):
            load_text(tmp_path / "a.jsonl")


def test_a_label_of_the_test_file_that_training_has_not(write):
    test = write("label,text\na,one\nc,two\n", "test.csv")
    with pytest.raises(DataError, match=r"test\.csv, line 3, .*the label 'c' does not occur in"):
        load_text(write(HEADED), test=test)


def test_columns_named_twice(write):
    with pytest.raises(DataError, match="text=, label= and groups= must name different columns"):
        load_text(write(HEADED), text="label")
    with pytest.raises(DataError, match="must name different columns"):
        load_text(write(HEADED), groups="text")
    with pytest.raises(DataError, match="no column 'who', which groups= names"):
        load_text(write(HEADED), groups="who")


TEXTS, LABELS = [f"text {n}" for n in range(20)], ["a", "b"] * 10

BAD_ARRAYS = {
    "lengths": ((TEXTS, LABELS[1:]), r"equally many rows. Got \{'label': 19, 'text': 20\}"),
    "nothing": (([], []), "texts has no rows"),
    "numbers": ((np.arange(20.0), LABELS), "column 'text' has numbers, such as 0. Expected"),
    "matrix": ((np.zeros((20, 2)), LABELS), "column 'text' has numbers"),
    "mixed": (([*TEXTS[1:], 3.5], LABELS), r"'text', row 19 .*expected a str, found 3.5 \(float\)"),
    "bytes": (([b"\xff", *TEXTS[1:]], LABELS), r"'text', row 0 .*b'\\xff' is not valid UTF-8"),
    "surrogate": (([*TEXTS[1:], "\ud800"], LABELS), r"row 19 .*is not valid UTF-8"),
    "nul": (([*TEXTS[1:], "a\0b"], LABELS), r"row 19 .*has a NUL character"),
    "labels": ((TEXTS, [*LABELS[1:], None]), r"row 19 .*'label': the target is missing"),
    "digits": (([str(n) for n in range(20)], LABELS), "has numbers, such as '9'"),
    "no label": (pd.DataFrame({"text": TEXTS, "Label": LABELS}), r"no column 'label'.*'Label'\?"),
    "empty": (([""] * 20, LABELS), "all 20 texts are empty"),
}


@pytest.mark.parametrize("kind", BAD_ARRAYS)
def test_bad_arrays_are_refused_in_one_line(kind):
    source, message = BAD_ARRAYS[kind]
    with pytest.raises(DataError, match=message) as caught:
        load_text(source)
    assert "\n" not in str(caught.value)


def test_a_class_of_empty_texts_cannot_be_learned():
    with pytest.raises(DataError, match="the class 'c' has no text to train on: its texts are"):
        load_text(([*TEXTS, "", " "], [*LABELS, "c", "c"]))


def test_options_of_files_are_for_files(tmp_path):
    for option in ({"columns": ("text", "label")}, {"separator": ","}):
        (name,) = option
        with pytest.raises(DataError, match=f"in memory, for which {name}= has no meaning"):
            load_text((TEXTS, LABELS), **option)
        with pytest.raises(DataError, match=f"is a folder, for which {name}= has no meaning"):
            load_text(tmp_path, **option)


def test_several_labels_for_one_text_are_told():
    texts = [*TEXTS, TEXTS[0]]
    with pytest.warns(UserWarning, match="1 text has more than one label .* row 20 .*from 0"):
        load_text((texts, [*LABELS, "b"]))


def test_parameters_are_checked(write):
    path = write(HEADED)
    for wrong in (
        {"text": 3},
        {"label": None},
        {"groups": 1},
        {"separator": "ab"},
        {"quote": "''"},
        {"encoding": "utf-99"},
        {"columns": 2},
        {"dataset": 5},
        {"test_size": 1.0},
        {"seed": -1},
        {"pos_label": "good"},
    ):
        (name,) = wrong
        with pytest.raises(ArgumentError, match=f"'{name}' parameter of load_text must be"):
            load_text(path, **wrong)
    for source in (5, None, ("a", "b", "c"), (1, 2)):
        with pytest.raises(ArgumentError, match="'source' parameter of load_text must be a path"):
            load_text(source)
    with pytest.raises(ArgumentError, match="'test' parameter of load_text must be a path"):
        load_text(path, test=5)


def test_errors_are_short_whatever_the_input():
    long = "x" * 10_000
    for source, options in (
        ((TEXTS, [*LABELS[1:], long]), {}),
        (([*TEXTS[1:], long], [*LABELS, "c"]), {}),
        ({long: TEXTS, "label": LABELS}, {}),
        ({"text": TEXTS, "label": LABELS}, {"text": long}),
        (long, {}),
    ):
        with pytest.raises((ArgumentError, DataError)) as caught:
            load_text(source, **options)
        assert len(str(caught.value)) <= 500 and "load_text" in str(caught.value)
