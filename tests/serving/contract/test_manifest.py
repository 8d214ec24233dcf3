"""The manifest and the JSON schema that says what it holds."""

import copy
import importlib.resources
import json

import jsonschema
import pytest
from marks import first
from sequence_cases import SEQUENCE_CASES
from serving_cases import CASES

from kerakit.errors import DataError
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import MANIFEST


@pytest.fixture(scope="module")
def validator():
    text = (
        importlib.resources.files("kerakit.serving.contract")
        .joinpath("manifest.schema.json")
        .read_text()
    )
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.export
@pytest.mark.parametrize("case", CASES)
def test_every_manifest_fits_the_schema(case, exports, validator):
    # No NaN or Infinity: strict JSON.
    text = (exports[case] / MANIFEST).read_text()
    manifest = json.loads(text, parse_constant=pytest.fail)
    assert [error.message for error in validator.iter_errors(manifest)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.update(format=2),
        lambda m: m.update(version=0),
        lambda m: m.update(version=None),
        lambda m: m.update(extra=1),
        lambda m: m.pop("golden"),
        lambda m: m["signatures"].pop("serving_default"),
        lambda m: m["signatures"]["regress"].update(method="rank"),
        lambda m: m["signatures"]["regress"]["inputs"]["inputs"].update(dtype="float16"),
        lambda m: m["signatures"]["regress"]["outputs"]["outputs"].update(shape=[8]),
        lambda m: m["signatures"]["regress"]["example"].pop("response"),
        lambda m: m["golden"]["inputs"].update(alcohol=[1.0] * 15),
        lambda m: m["tolerance"]["prediction"].update(absolute=-1.0),
        lambda m: m["spec"]["features"][0].update(name="fixed acidity"),
        lambda m: m["metrics"].update(rmse="0.5"),
    ],
)
def test_the_schema_refuses_another(spoil, exports, validator):
    manifest = copy.deepcopy(read_manifest(exports["regression"]))
    spoil(manifest)
    assert not validator.is_valid(manifest)


@pytest.mark.parametrize("text", ["", "[1]", '{"format": 2}', '{"format": 1', "\xff"])
def test_what_is_no_manifest_is_named(text, tmp_path):
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"kerakit\.json"):
        read_manifest(tmp_path)


def test_the_example_of_tags_is_a_row_alone(sequence_exports):
    example = read_manifest(sequence_exports["tags"])["signatures"]["serving_default"]["example"]
    (sent,), (came,) = example["request"]["instances"], example["response"]["predictions"]
    assert sent == {"tokens": "The dog runs"} and len(came["labels"]) == 3
    assert all(came["labels"]) and len(came["confidence"]) == 3


@pytest.mark.parametrize("case", first(3, SEQUENCE_CASES))
def test_manifests_of_sequences_fit_the_schema(case, sequence_exports, validator):
    text = (sequence_exports[case] / MANIFEST).read_text()
    manifest = json.loads(text, parse_constant=pytest.fail)
    validator.validate(manifest)
    for signature in manifest["signatures"].values():
        assert "null" not in json.dumps(signature["example"])  # it can be posted as it stands
