"""Entities are right as a whole or wrong: by hand, and as seqeval counts them."""

import random

import pytest

from kerakit.data.tagged.schemes import as_scheme, illegal_tokens
from kerakit.errors import ArgumentError
from kerakit.evaluation.metrics.entities import entity_metrics, entity_metrics_by_type


def test_by_hand():
    """Right: PER. A boundary, a type and an invention are wrong."""
    y = [["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], ["B-ORG", "O", "O"]]
    p = [["B-PER", "I-PER", "O", "B-LOC", "O"], ["B-LOC", "O", "B-PER"]]
    assert entity_metrics(y, p) == {
        "precision": pytest.approx(1 / 4), "recall": pytest.approx(1 / 3),
        "f1": pytest.approx(2 / 7), "support": 3,
    }  # fmt: skip
    types = entity_metrics_by_type(y, p)
    assert list(types) == ["LOC", "ORG", "PER"]
    assert types["PER"] == {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1}
    assert types["ORG"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_strict_entities_are_as_the_scheme_writes_them():
    y, p = [["O", "B-PER", "I-PER"]], [["O", "I-PER", "I-PER"]]
    assert entity_metrics(y, p)["f1"] == 1.0
    assert entity_metrics(y, p, mode="strict", scheme="iob2")["f1"] == 0.0
    # In IOB1 it is the other way round.
    found = entity_metrics(p, y, mode="strict", scheme="iob1")
    assert found == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


@pytest.mark.parametrize(
    "options",
    [{"mode": "exact"}, {"mode": "strict"}, {"mode": "strict", "scheme": "bilou"}],
)
def test_an_unknown_mode_or_scheme(options):
    with pytest.raises(ArgumentError, match=r"mode|scheme"):
        entity_metrics([["O"]], [["O"]], **options)


def test_sentences_of_unequal_length():
    with pytest.raises(ArgumentError, match="2"):
        entity_metrics([["O", "O"]], [["O"]])
    assert entity_metrics([], []) == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


@pytest.mark.parametrize("name", ["iob1", "iob2", "iobes"])
def test_as_seqeval(name):
    pytest.importorskip("seqeval", reason="compares with seqeval: pip install kerakit[references]")
    from seqeval import metrics, scheme

    draw, strict = random.Random(0), {"mode": "strict", "scheme": getattr(scheme, name.upper())}
    prefixes = "BIES" if name == "iobes" else "BI"
    tags = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in "XY")]
    compared = 0
    for _ in range(300):
        y = [as_scheme(draw.choices(tags, k=draw.randint(1, 8)), name) for _ in range(3)]
        p = [[t if draw.random() < 0.7 else draw.choice(tags) for t in row] for row in y]
        pairs = [(entity_metrics(y, p), {})]
        # Of a B that IOB1 does not allow, seqeval counts the tokens behind it as an entity.
        if name != "iob1" or not any(list(illegal_tokens(row, name)) for row in p):
            pairs.append((entity_metrics(y, p, mode="strict", scheme=name), strict))
            compared += 1
        for found, options in pairs:
            for key in ("precision", "recall", "f1"):
                theirs = getattr(metrics, f"{key}_score")(y, p, zero_division=0, **options)
                assert found[key] == pytest.approx(theirs), (y, p, key)
    assert compared > 20
