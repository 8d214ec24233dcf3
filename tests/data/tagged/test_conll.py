"""Files with a token and its tag on each line."""

import conllu
import pytest

from kerakit.data.tagged.conll import read_conll
from kerakit.errors import DataError


def pairs(sentences):
    return [list(zip(s.tokens, s.tags, strict=True)) for s in sentences]


def test_columns_between_spaces():
    found = read_conll("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nto  VBZ I-VP O\n\n\n. . O O", "f")
    assert pairs(found) == [[("EU", "I-ORG"), ("to", "O")], [(".", "O")]]
    assert [s.lines for s in found] == [[3, 4], [7]]
    assert pairs(read_conll("EU NNP I-NP I-ORG\n", "f", tag=1)) == [[("EU", "NNP")]]
    assert pairs(read_conll("1 EU NNP\n2 is V\n", "f", token=1)) == [[("EU", "NNP"), ("is", "V")]]
    assert pairs(read_conll("EU a B\n", "f", token=-3, tag=-2)) == [[("EU", "a")]]


def test_columns_between_tabs_may_hold_spaces_and_line_ends_may_differ():
    found = read_conll("New York\tB\r\n  \t \r\n10 000\tN \r\n\r\n", "f")
    assert pairs(found) == [[("New York", "B")], [("10 000", "N")]]
    assert pairs(read_conll("a\u00a0b N\n\u2028 X\n", "f")) == [
        [("a\u00a0b", "N"), ("\u2028", "X")]
    ]


def test_columns_with_names():
    text = "EU NNP I-ORG\n"
    names = {"columns": ("word", "pos", "ner")}
    assert pairs(read_conll(text, "f", token="word", tag="pos", **names)) == [[("EU", "NNP")]]
    plus = "# global.columns = FORM UPOS\n# sent_id = 1\nEU\tPROPN\n"
    assert pairs(read_conll(plus, "f.conllup", tag="upos")) == [[("EU", "PROPN")]]


def test_a_hash_is_a_comment_before_a_sentence_and_may_be_a_token():
    text = "# newdoc\n#fun O\nis V\n# N\n\n# text = a b\n#\n#win N\nnow\tV\n".replace("\t", " ")
    found = read_conll(text, "f")
    assert pairs(found) == [[("#fun", "O"), ("is", "V"), ("#", "N")], [("#win", "N"), ("now", "V")]]
    tabs = "# a b\n#\tSYM\n1\tNUM\n"
    assert pairs(read_conll(tabs, "f")) == [[("#", "SYM"), ("1", "NUM")]]


def line(number, form, upos="NOUN", xpos="N"):
    return f"{number}\t{form}\t{form.lower()}\t{upos}\t{xpos}\t_\t0\troot\t_\t_"


UNIVERSAL = "\n".join(
    [
        "# sent_id = 1",
        "# text = Don't go",
        line("1-2", "Don't", "_", "_"),
        line(1, "Do", "AUX"),
        line(2, "n't", "PART"),
        line(3, "go", "VERB"),
        line("3.1", "there", "ADV"),
        "",
        line(1, "#", "SYM"),
        line(2, "_", "PUNCT"),
        line(3, "10  000", "NUM", "_"),
        "",
    ]
)


@pytest.mark.parametrize("name", ["tree.conllu", "TREE.CONLLU", "tree.conllu.gz", "tree.txt"])
def test_universal_dependencies(name):
    found = read_conll(UNIVERSAL, name)
    assert pairs(found) == [
        [("Do", "AUX"), ("n't", "PART"), ("go", "VERB")],
        [("#", "SYM"), ("_", "PUNCT"), ("10 000", "NUM")],
    ]
    assert found[1].lines == [9, 10, 11]
    assert found[0] == read_conll(UNIVERSAL, name, token="form", tag="upos")[0]
    assert read_conll(UNIVERSAL, name, token="lemma")[0].tokens == ["do", "n't", "go"]
    assert read_conll(UNIVERSAL, name, tag="xpos")[1].tags == ["N", "N", "_"]


@pytest.mark.many
@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_a_real_treebank_is_what_conllu_reads(test_data, split):
    path = test_data / "tagging" / "ud_english_partut" / f"en_partut-ud-{split}.conllu"
    blocks = path.read_text(encoding="utf-8").split("\n\n")[:300]
    text = "\n\n".join(blocks) + "\n\n"
    known = [
        [(word["form"], word["upos"]) for word in sentence if isinstance(word["id"], int)]
        for sentence in conllu.parse(text)
    ]
    found = read_conll(text, str(path))
    assert pairs(found) == known
    assert len(found) == len([block for block in blocks if block.strip()])
    lines = text.split("\n")
    assert all(
        lines[number - 1].split("\t")[1] == token
        for sentence in found
        for token, number in zip(sentence.tokens, sentence.lines, strict=True)
    )


BAD = {
    "short": ("a N\nb\n", {}, r"f, line 2: expected 2 columns, found 1 \(separated by spaces"),
    "long": (
        "a\tN\n\nb\tN\tX\n",
        {},
        r"f, line 3: expected 2 columns, found 3 \(separated by t",
    ),
    "one": ("a\nb\n", {}, "f, line 1: found one column. Expected a token and its tag"),
    "none": ("# only\n\n-DOCSTART-\n", {}, "f has no sentences"),
    "no tag": ("a\tN\nb\t\n", {}, r"f, line 2: the token 'b' has no tag \(''\)"),
    "no token": ("a\tN\n\tN\n", {}, "f, line 2: the token is empty"),
    "number": ("a N\n", {"tag": 2}, r"line 1: there is no column 2, which tag= names. .* has 2"),
    "negative": ("a N\n", {"token": -3}, "there is no column -3, which token= names"),
    "no names": ("a N\n", {"tag": "pos"}, "no column 'pos', which tag= names. Name the columns"),
    "name": (
        "a N\n",
        {"tag": "po", "columns": ("w", "pos")},
        "'po'.*'pos'\\?.*columns are 'w', ",
    ),
    "names": ("a N\n", {"columns": ("w",)}, r"line 1: .*found 2 columns, and columns= has 1 names"),
    "same": ("a N\n", {"token": 1}, "token= and tag= both name column 1"),
    "counted": ("1 a N\n2 b N\n\n1 c N\n", {}, "column 0 numbers the tokens of each sentence"),
    "cells": (f"{line(1, 'a')}\n2\tb\tc\n", {}, "line 2: expected the 10 columns .* found 3"),
    "id": (f"{line(1, 'a')}\n{line('x', 'b')}\n", {}, "line 2: .*'x' is not a valid ID"),
    "upos": (f"{line(1, 'a')}\n{line(2, 'b', '_')}\n", {}, "line 2: the token 'b' has no tag .'_'"),
    "field": (
        line(1, "a"),
        {"tag": "pos"},
        "tag= of a CoNLL-U file must be one of upos, xpos",
    ),
    "place": (line(1, "a"), {"token": 1}, "token= of a CoNLL-U file must be one of form, lemma"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_lines_are_refused(kind):
    text, options, message = BAD[kind]
    with pytest.raises(DataError, match=message) as caught:
        read_conll(text, "f", **options)
    assert "\n" not in str(caught.value)
