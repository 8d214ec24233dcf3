"""Sentences with a tag for each token."""

import collections

import numpy as np
import pytest

import kerakit as kk
from kerakit.data import load_tagged
from kerakit.data.builtin.toy_sentences import sentences
from kerakit.errors import ArgumentError, DataError


@pytest.fixture(scope="module")
def toy():
    return sentences()


def rows(data, split):
    """`(tokens, tags)` of a split, each a tuple of str."""
    table = data.table(split)
    found = []
    for text, ids in zip(table.features["tokens"], table.target, strict=True):
        tokens = tuple(text.split(" "))
        assert (ids[len(tokens) :] == -1).all() and (ids[: len(tokens)] >= 0).all()
        found.append((tokens, tuple(data.spec.classes[number] for number in ids[: len(tokens)])))
    return found


def test_lists_become_strings_tags_and_splits(toy):
    data = load_tagged(toy)
    spec = data.spec
    assert (spec.task, spec.dataset, spec.target.names) == ("tagging", "sentences", ("tag",))
    assert spec.sizes == {"train": 512, "validation": 128, "test": 160}
    assert spec.classes == tuple(sorted(spec.classes)) and len(spec.classes) == 9
    found = sum((rows(data, split) for split in spec.sizes), [])
    assert sorted(found) == sorted((tuple(w), tuple(t)) for w, t in zip(*toy, strict=True))
    counts = collections.Counter(tag for _, tags in rows(data, "train") for tag in tags)
    assert spec.class_counts == tuple(counts[tag] for tag in spec.classes)
    for split in spec.sizes:
        longest = max(len(tokens) for tokens, _ in rows(data, split))
        assert data.table(split).target.shape == (spec.sizes[split], longest)
        assert data.table(split).target.dtype == np.int32
    (feature,) = spec.features
    assert (feature.name, feature.kind, feature.dtype, feature.shape) == (
        "tokens",
        "text",
        "string",
        (),
    )
    words = {token.lower() for tokens, _ in rows(data, "train") for token in tokens}
    assert set(feature.vocabulary) == words and feature.quantiles[0] >= 3
    assert " " not in feature.characters and "I" in feature.characters
    assert kk.load_tagged is load_tagged
    assert kk.Spec.from_json(spec.to_json()) == spec
    features, target = next(iter(data.train))
    assert features["tokens"].shape == () and target.shape == data.table("train").target.shape[1:]


def test_splits_are_seeded(toy):
    first, again, other = (load_tagged(toy, seed=seed) for seed in (1, 1, 2))
    assert rows(first, "test") == rows(again, "test") != rows(other, "test")
    assert first.spec == again.spec
    assert load_tagged(toy, validation_size=0).spec.sizes["validation"] == 0


@pytest.mark.many
def test_files_and_lists_of_the_same_sentences_agree(toy, write):
    blocks = [
        "\n".join(f"{word}\t{tag}" for word, tag in zip(words, tags, strict=True))
        for words, tags in zip(*toy, strict=True)
    ]
    tabs = write("\n\n".join(blocks), "a.tsv")
    spaces = write("\r\n\r\n".join(blocks).replace("\t", " x "), "b.conll")
    known = load_tagged(toy)
    arrays = tuple([np.array(row) for row in side] for side in toy)
    for source in (tabs, spaces, str(tabs), arrays):
        data = load_tagged(source)
        assert rows(data, "test") == rows(known, "test")
        assert data.spec.fingerprint == known.spec.fingerprint
        assert data.spec.features == known.spec.features
    assert load_tagged(tabs).spec.dataset == "a.tsv"
    assert load_tagged(tabs, dataset="toy").spec.dataset == "toy"


def test_repeats_of_a_sentence_are_in_one_part():
    words = [[f"w{n // 3}", "is", "here"] for n in range(90)]
    for seed in range(4):
        data = load_tagged((words, [["N", "V", "A"]] * 90), seed=seed)
        parts = [{tokens for tokens, _ in rows(data, split)} for split in data.spec.sizes]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        assert data.spec.sizes["test"] == 18


def test_every_tag_stays_in_training():
    words = [[f"w{n}", "is"] for n in range(60)]
    tags = [[f"T{n}" if n < 20 else "N", "V"] for n in range(60)]
    for seed in range(5):
        data = load_tagged((words, tags), seed=seed, test_size=0.4)
        assert min(data.spec.class_counts) >= 1
        assert data.spec.sizes["test"] > 5


def test_white_space_in_tokens_becomes_a_no_break_space(write):
    lines = [f"10 00{n}\tNUM\nis\tV\nNew\u00a0York\tN\n\n" for n in range(10)]
    with pytest.warns(UserWarning, match=r"white space within 10 tokens was replaced by a no"):
        data = load_tagged(write("".join(lines)))
    tokens, _ = rows(data, "test")[0]
    assert tokens[0].startswith("10\u00a000") and tokens[2] == "New\u00a0York" and len(tokens) == 3


def test_tags_are_renamed_and_joined():
    words = [[f"w{n}", "is", "it"] for n in range(20)]
    data = load_tagged((words, [["NN", "VB", "NNP"]] * 20), rename_labels={"NNP": "NN"})
    assert data.spec.classes == ("NN", "VB")


def test_a_rare_tag_of_the_test_part_is_a_class_and_counts_as_wrong(toy):
    test = ([["light"] * 99 + ["psst"], ["odd"]], [["NOUN"] * 99 + ["INTJ"], ["ADJ"]])
    message = (
        r"sentences \(test\), sentence 0, token 99 .*'INTJ' does not occur in sentences; .* 1 "
    )
    with pytest.warns(UserWarning, match=message + "of 101 tokens of .*counts as wrong"):
        data = load_tagged(toy, test=test)
    at = data.spec.classes.index("INTJ")
    assert data.spec.class_counts[at] == 0 and data.table("test").target[0, 99] == at
    with pytest.raises(
        DataError, match=r"token 1 .*'INTJ' .*1 of 2 tokens.*rename_labels=\{'INTJ': 'ADJ'"
    ):
        load_tagged(toy, test=([["light", "psst"]], [["NOUN", "INTJ"]]))


def test_known_test_sentences_are_counted_in_a_warning(toy):
    test = ([toy[0][3], ["New", "."]], [toy[1][3], ["NOUN", "PUNCT"]])
    with pytest.warns(UserWarning, match="1 of 2 test sentences are also training sentences"):
        load_tagged(toy, test=test)


@pytest.mark.large
def test_a_real_treebank(test_data):
    folder = test_data / "tagging" / "ud_english_partut"
    train, dev, test = (
        folder / f"en_partut-ud-{split}.conllu" for split in ("train", "dev", "test")
    )
    data = load_tagged(train, validation=dev, test=test)
    spec = data.spec
    for split, path in (("train", train), ("validation", dev), ("test", test)):
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        assert spec.sizes[split] == len([block for block in blocks if block.strip()])
    words = [
        line
        for line in train.read_text(encoding="utf-8").split("\n")
        if line.split("\t")[0].isdigit()
    ]
    assert sum(spec.class_counts) == len(words)
    assert len(spec.classes) == 17 and spec.dataset == "en_partut-ud-train.conllu"
    counts = dict(zip(spec.classes, spec.class_counts, strict=True))
    assert counts["NOUN"] == sum(line.split("\t")[3] == "NOUN" for line in words)
    columns = [line.split("\t") for line in dev.read_text(encoding="utf-8").split("\n")]
    xpos = {row[4] for row in columns if row[0].isdigit()}
    assert load_tagged(dev, tag="xpos").spec.classes == tuple(sorted(xpos)) and len(xpos) > 30


BAD_PAIRS = {
    "lengths": (([["a"]], []), "got 1 sentences and 0 lists of tags"),
    "tags": (
        ([["a", "b"]], [["N"]]),
        r"sentence 0 .*one tag for each token: got 2 tokens and 1 tags",
    ),
    "nothing": (([], []), "sentences has no sentences"),
    "empty": (
        ([["a"], []], [["N"], []]),
        r"sentence 1 .*: the sentence has no tokens. Leave it",
    ),
    "no token": (([["a", " "]], [["N", "V"]]), r"sentence 0, token 1 .*expected a token, .*' '"),
    "no tag": (([["a"]], [[None]]), r"sentence 0, token 0 .*expected a tag, .*None"),
    "number": (([["a", 3]], [["N", "N"]]), r"token 1 .*expected a token, .*3"),
    "string": ((["a b"], [["N", "N"]]), r"sentence 0 .*: expected a list of tokens, found 'a b'"),
    "one tag": (([["a"], ["b"]], [["N"], ["N"]]), "all tokens have the tag 'N'. Expected at least"),
    "nul": (([["a\0b"]], [["N"]]), r"sentence 0, token 0 .*NUL"),
    "few": (([["a", "b"], ["c"]], [["N", "V"], ["X"]]), "2 different sentences are too few to"),
    "same": (([["a", "b"]] * 9, [["N", "V"]] * 9), "the 9 rows left to split are all the same"),
}


@pytest.mark.parametrize("kind", BAD_PAIRS)
def test_bad_lists_are_refused_in_one_line(kind):
    source, message = BAD_PAIRS[kind]
    with pytest.raises(DataError, match=message) as caught:
        load_tagged(source)
    assert "\n" not in str(caught.value) and "load_tagged" in str(caught.value)


def test_bad_files_are_refused(write, tmp_path):
    with pytest.raises(DataError, match=r"tags\.txt: no such file"):
        load_tagged(tmp_path / "tags.txt")
    with pytest.raises(DataError, match="is a folder. Expected a file with a token and its tag"):
        load_tagged(tmp_path)
    with pytest.raises(DataError, match=r"table\.csv is empty"):
        load_tagged(write("\n"))
    with pytest.raises(DataError, match=r"line 2: .*not utf-8 \(byte e9\).*encoding='latin-1'"):
        load_tagged(write(b"a N\ncaf\xe9 N\n"))
    with pytest.raises(DataError, match="line 2: the text holds a NUL"):
        load_tagged(write("a N\n\0 N\n"))
    train = write("".join(f"w{n} N\nis V\n\n" for n in range(20)), "train.txt")
    with pytest.raises(
        DataError, match=r"test\.txt, line 2: the tag 'X' does not occur in .*train"
    ):
        load_tagged(train, test=write("is V\nb X\n", "test.txt"))


def test_parameters_are_checked(toy, write):
    path = write("a N\nb V\n")
    wrong = {
        "token": 1.0,
        "tag": True,
        "columns": 2,
        "encoding": "utf-99",
        "dataset": 1,
        "seed": -1,
    }
    for name, value in wrong.items():
        with pytest.raises(ArgumentError, match=f"'{name}' parameter of load_tagged must be"):
            load_tagged(path, **{name: value})
    for source in (5, None, ("a", "b"), [1]):
        with pytest.raises(ArgumentError, match="'source' parameter of load_tagged must be a path"):
            load_tagged(source)
    with pytest.raises(DataError, match="in memory, for which tag= has no meaning"):
        load_tagged(toy, tag=1)


def test_a_column_of_words_taken_for_tags_is_noticed():
    words = [[f"w{n}", "is"] for n in range(600)]
    with pytest.warns(UserWarning, match="there are 601 different tags, such as 'is'"):
        load_tagged((words, words), validation_size=0, test=([["is"]], [["is"]]))
