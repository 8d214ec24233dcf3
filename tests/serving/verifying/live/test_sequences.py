"""Windows, series, texts and tags, asked of a server over REST."""

import pytest
from live_cases import request
from marks import first
from rest_server import RestServer
from sequence_cases import SEQUENCE_CASES

from kerakit.serving import verify
from kerakit.serving.contract.manifest import read_manifest


@pytest.fixture(scope="module")
def server(sequence_exports):
    with RestServer({case: path.parent for case, path in sequence_exports.items()}) as running:
        yield running


@pytest.mark.parametrize("case", first(2, SEQUENCE_CASES))
def test_a_server_answers_what_was_measured(case, server, sequence_exports):
    report = verify(sequence_exports[case], url=server.url(case), verbose=False)
    assert report.ok, str(report)
    assert {"row form", "columnar form", "serving_default example"} <= {
        check.name for check in report.checks
    }


@pytest.mark.parametrize("case", first(2, SEQUENCE_CASES))
def test_the_example_comes_back(case, server, sequence_exports):
    for signature in read_manifest(sequence_exports[case])["signatures"].values():
        example = signature["example"]
        url = f"{server.url(case)}:{signature['method']}"
        status, answer = request(url, example["request"])
        assert status == 200
        assert shape(answer) == shape(example["response"])


def shape(value):
    """A JSON value without its numbers."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return value if isinstance(value, str) else None


def test_a_label_behind_the_last_token_is_seen(server, sequence_exports):
    def spoil(path, value):
        for row in value.get("predictions", ()):
            row["labels"] = [label or "DET" for label in row["labels"]]
        return value

    server.spoil = spoil
    try:
        report = verify(sequence_exports["tags"], url=server.url("tags"), verbose=False)
    finally:
        server.spoil = None
    assert [check.name for check in report.checks if not check.ok] == ["row form"]


def test_an_empty_sentence_over_rest(server):
    url = f"{server.url('tags')}:predict"
    assert request(url, {"instances": [""]}) == (
        200,
        {"predictions": [{"labels": [], "confidence": []}]},
    )
    status, answer = request(url, {"instances": [{"tokens": "the dog"}, {"tokens": "home"}]})
    assert status == 200 and answer["predictions"][1]["labels"][1] == ""
    status, _ = request(f"{server.url('text')}:predict", {"instances": [{"b64": "//4="}]})
    assert status == 200  # bytes that are not UTF-8
