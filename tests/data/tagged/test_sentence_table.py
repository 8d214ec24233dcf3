"""Tables with a row for each token: Kaggle's, ids in each row, frames; and bad ones."""

import pytest

from kerakit.data.tagged.sentence_table import is_sentence_table, read_sentence_table
from kerakit.errors import DataError, KerakitError

KAGGLE = """Sentence #,Word,POS,Tag
Sentence: 1,Thousands,NNS,O
,left,VBD,O
,"Köln, ",NNP,B-geo
Sentence: 2,NA,NN,B-org
,null,NN,I-org
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="ner.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def read(*args, **options):
    sentences, location = read_sentence_table(*args, **options)
    return [(s.tokens, s.tags) for s in sentences], location


def test_the_id_of_a_sentence_in_its_first_row_only(write):
    path = write(KAGGLE.encode("latin-1"))
    found, location = read(path, "", text={"encoding": "latin-1"})
    assert found == [
        (["Thousands", "left", "Köln,"], ["O", "O", "B-geo"]),
        (["NA", "null"], ["B-org", "I-org"]),
    ]
    assert location(1, 1) == f"{path}, line 6"
    with pytest.raises(DataError, match=r"line 4: .*not utf-8.*encoding='latin-1'"):
        read(path, "", text={"encoding": "utf-8"})


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_with_an_id_in_each_row(library):
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    columns = {"sentence_id": [7, 7, 9], "token": ["I", "run", "Stop"], "ner": ["A", "B", "C"]}
    make = module.table if library == "pyarrow" else module.DataFrame
    found, location = read(make(columns), "frame")
    assert found == [(["I", "run"], ["A", "B"]), (["Stop"], ["C"])]
    assert location(1, 0) == "frame, row 2 (counted from 0)"


def test_ids_beside_missing_ones_in_a_frame():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"sentence": [1, None, 2], "word": [*"abc"], "tag": [*"XYZ"]})
    assert read(frame, "frame")[0] == [(["a", "b"], ["X", "Y"]), (["c"], ["Z"])]
    frame.loc[1, "word"] = None
    with pytest.raises(DataError, match=r"row 1 .*'word': the token is missing. pandas .*NA"):
        read(frame, "frame")


def test_columns_are_named_or_numbered(write):
    path = write("nr;w;t;x\n1;a;T;9\n1;b;U;9\n2;c;T;9\n")
    found = [(["a", "b"], ["T", "U"]), (["c"], ["T"])]
    assert read(path, "", id="nr", token="w", tag="t")[0] == found
    assert read(path, "", id="nr", token=1, tag=-2)[0] == found
    text = {"columns": ("id", "word", "tag"), "separator": "\t"}
    path = write("1\ta\tT\n1\tb\tU\n2\tc\tT\n", "plain.tsv")
    assert read(path, "", id="id", text=text)[0] == found


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("nr,Word,Tag\n1,a,T\n", {}, r"pass id= with the column of the sentences.*nr"),
        ("sentence,Tag\n1,T\n", {}, r"pass token= with the column of the tokens"),
        ("sentence,Word\n1,a\n", {}, r"pass tag= with the column of the tags"),
        (KAGGLE, {"tag": "Tagg"}, r"no column 'Tagg'.*'Tag'"),
        (KAGGLE, {"tag": 4}, r"no column 4, which tag= names"),
        (KAGGLE, {"tag": "Word", "token": "Word"}, r"must name different columns"),
        ("sentence,Word,Tag\n,a,T\n1,b,T\n", {}, r"line 2, column 'sentence': the first row has"),
        ("sentence,Word,Tag\n1,a,T\n1,,T\n", {}, r"line 3, column 'Word': the token is missing"),
        ("sentence,Word,Tag\n1,a,T\n1,b,\n", {}, r"line 3, column 'Tag': the tag is missing"),
    ],
)
def test_bad_tables_are_refused(write, text, options, says):
    with pytest.raises(KerakitError, match=says):
        read(write(text), "", **options)


def test_rows_of_a_sentence_that_are_apart_are_warned_of(write):
    path = write("sentence,Word,Tag\n1,a,T\n2,b,T\n1,c,U\n")
    with pytest.warns(UserWarning, match=r"line 4, .*the sentence '1' is also at .*line 2"):
        found, _ = read(path, "")
    assert len(found) == 3


def test_which_files_are_tables(write):
    assert is_sentence_table(write(KAGGLE), False)
    assert is_sentence_table(write("Sentence #\tWord\tTag\n1\ta\tT\n"), False)
    assert not is_sentence_table(write("a N\nb V\n"), False)
    assert not is_sentence_table(write("10 000\tNUM\nis\tV\n"), False)
    assert not is_sentence_table(write("a,b N\n", "words.conll"), False)
    assert is_sentence_table(write("a,b N\n", "words.conll"), True)
    assert is_sentence_table(write('{"sentence": 1}\n', "rows.jsonl"), False)
    assert not is_sentence_table("absent.csv", False)
    assert not is_sentence_table(([["a"]], [["N"]]), False)
