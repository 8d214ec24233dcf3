"""The statistics and vocabularies in a model are those of its spec."""

import dataclasses

import pytest
from sequence_cases import SEQUENCE_CASES, WORDS, make_case

from kerakit.errors import ArgumentError
from kerakit.serving import export, verify
from kerakit.serving.exporting.constants import preprocess_constants


@pytest.mark.many
def test_constants_of_texts_and_series(sequences):

    found = {case: preprocess_constants(*sequences[case][:2]) for case in SEQUENCE_CASES}
    assert found["text"]["vocabularies"] == ["text"] and found["tags"]["vocabularies"] == ["tokens"]
    assert len(found["channels"]["normalisation"][0]["mean"]) == 2
    assert found["series"]["normalisation"] == [{"mean": [3.0], "variance": [4.0]}]
    model, spec, _ = sequences["text"]

    def stated(**changes):
        feature = dataclasses.replace(spec.features[0], **changes)
        return dataclasses.replace(spec, features=(feature,))

    # The most frequent words only, or a lookup of something else, is a choice.
    assert preprocess_constants(model, stated(vocabulary=(*WORDS, "more")))["vocabularies"]
    for other in ({"vocabulary": ("x",)}, {"vocabulary": (), "characters": tuple("abc")}):
        assert preprocess_constants(model, stated(**other))["vocabularies"] == []
    # As many words, but others: it was built for other data.
    with pytest.raises(ArgumentError, match="does not know the words.*other data"):
        preprocess_constants(model, stated(vocabulary=tuple("abcdefg")))
    with pytest.raises(ArgumentError, match="does not know the characters"):
        preprocess_constants(model, stated(vocabulary=("x",), characters=tuple("abcdefg")))
    channels, spec, _ = sequences["channels"]
    feature = dataclasses.replace(spec.features[0], mean=(20.0, 5.0))
    with pytest.raises(ArgumentError, match="built for other data"):
        preprocess_constants(channels, dataclasses.replace(spec, features=(feature,)))


def test_the_words_in_the_graph_may_be_the_most_frequent_ones(tmp_path, one_process):
    model, spec, table = make_case("text")
    feature = dataclasses.replace(spec.features[0], vocabulary=(*WORDS, "rare"))
    path = export(
        model, dataclasses.replace(spec, features=(feature,)), tmp_path / "m", examples=table
    )
    report = verify(path, verbose=False)
    assert any("1 vocabularies" in check.detail for check in report.checks)
