"""Schemes of whole files: converted, and what they do not allow, with file and line."""

import warnings

import pytest

from kerakit.data import load_tagged
from kerakit.errors import DataError, KerakitError

# Two neighbours of one type, which IOB1 tells apart by a B.
IOB1 = "EU I-ORG\nrejects O\nGerman I-MISC\ncall O\n\nRome I-LOC\nOslo B-LOC\nBonn I-LOC\n\n"
OTHERS = "".join(f"w{n} I-PER\nx{n} I-PER\nruns O\n\n" for n in range(8))


@pytest.fixture
def write(tmp_path):
    def write(text, name="tags.conll"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def tags_of(data, text):
    for split in ("train", "validation", "test"):
        table = data.table(split)
        for tokens, ids in zip(table.features["tokens"], table.target, strict=True):
            if tokens == text:
                return [data.spec.classes[tag] for tag in ids[ids >= 0]]
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("scheme", "first", "second"),
    [
        (None, "I-ORG O I-MISC O", "I-LOC B-LOC I-LOC"),
        ("iob1", "I-ORG O I-MISC O", "I-LOC B-LOC I-LOC"),
        ("iob2", "B-ORG O B-MISC O", "B-LOC B-LOC I-LOC"),
        ("iobes", "S-ORG O S-MISC O", "S-LOC B-LOC E-LOC"),
    ],
)
def test_iob1_is_converted(write, scheme, first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load_tagged(write(3 * IOB1 + OTHERS), scheme=scheme, seed=1)
    assert tags_of(data, "EU rejects German call") == first.split()
    assert tags_of(data, "Rome Oslo Bonn") == second.split()


def test_what_iob2_does_not_allow_is_warned_of(write):
    lines = "".join(f"w{n} B-PER\nx{n} I-PER\nruns O\n\n" for n in range(8))
    path = write(lines + "in O\nLake I-LOC\nGarda I-LOC\n\n" * 2)
    says = r"tags\.conll, line 34: the tag 'I-LOC' after 'O' is not allowed in IOB2.*\(2 such tags"
    with pytest.warns(UserWarning, match=says):
        data = load_tagged(path)
    assert tags_of(data, "in Lake Garda") == ["O", "I-LOC", "I-LOC"]
    with pytest.warns(UserWarning, match="line 34: .*read and converted as an entity"):
        data = load_tagged(path, scheme="iob2")
    assert tags_of(data, "in Lake Garda") == ["O", "B-LOC", "I-LOC"]
    test = write("Oslo I-PER\nfell O\n\n", "test.conll")
    with pytest.warns(UserWarning, match=r"test\.conll, line 1: the tag 'I-PER' at the start"):
        load_tagged(write(lines), test=test)


def test_an_unknown_prefix(write):
    lines = "".join(f"w{n} B-PER\nx{n} I-PER\nruns O\n\n" for n in range(8))
    path = write(lines + "in O\nOslo X-LOC\n\n" * 3)
    with pytest.warns(UserWarning, match=r"line 34: the tag 'X-LOC' is not that of an entity"):
        load_tagged(path)
    with pytest.raises(DataError, match=r"line 34: scheme='iobes' needs tags of entities.*'X-LOC'"):
        load_tagged(path, scheme="iobes")
    data = load_tagged(path, scheme="iobes", rename_labels={"X-LOC": "B-LOC"})
    assert tags_of(data, "in Oslo") == ["O", "S-LOC"]


def test_parts_of_speech_have_no_scheme(write):
    lines = "".join(f"w{n} NN\nruns VB\n\n" for n in range(8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_tagged(write(lines))
    with pytest.raises(DataError, match=r"line 1: scheme='iob2' needs tags of entities.*'NN'"):
        load_tagged(write(lines), scheme="iob2")


def test_an_unknown_scheme(write):
    with pytest.raises(KerakitError, match=r"'scheme' .*'iob1', 'iob2', 'iobes'.*'bilou'"):
        load_tagged(write(OTHERS), scheme="bilou")


def test_a_table_is_loaded_like_a_file(write):
    rows = [f"{n},{w},NN,{t}" for n in range(9) for w, t in ((f"w{n}", "B-PER"), ("runs", "O"))]
    path = write("\n".join(["Sentence #,Word,POS,Tag", *rows]), "ner.csv")
    data = load_tagged(path, scheme="iobes")
    assert data.spec.classes == ("O", "S-PER") and data.spec.dataset == "ner.csv"
    assert tags_of(data, "w3 runs") == ["S-PER", "O"]
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.read_csv(path)
    again = load_tagged(frame, scheme="iobes", test=frame[:4])
    assert again.spec.sizes["test"] == 2 and again.spec.dataset == "sentences"
