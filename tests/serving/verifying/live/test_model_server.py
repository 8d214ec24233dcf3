"""Exports on TensorFlow Serving: every test asks the real server, and the stand-in too.

The real one is left out, with the reason, where there is neither its binary nor an engine
for its image (`model_server.py`). The stand-in proves that the tests themselves run.
"""

import contextlib
import http.client
import json
import threading
import time
import urllib.parse

import numpy as np
import pytest
from live_cases import copy_version, export_again, manifest_of, request
from model_server import ModelServer, find_launcher
from rest_server import RestServer

from kerakit.errors import ExportError
from kerakit.serving.standalone.compare import compare, golden_outputs
from kerakit.serving.verifying.live.check import check_live

pytestmark = pytest.mark.export

SECONDS = 60.0
DTYPES = {"float32": "DT_FLOAT", "string": "DT_STRING"}


@pytest.fixture(scope="module", params=["stand-in", "TensorFlow Serving"])
def start(request):
    """Start a server of models, `{name: folder}`, for a `with` block."""
    if request.param == "stand-in":
        return RestServer
    launcher, reason = find_launcher()
    if launcher is None:
        pytest.skip(f"No TensorFlow Serving: {reason}.")
    return ModelServer


@pytest.fixture(scope="module")
def server(start, paths):
    with start({name: path.parent for name, path in paths.items()}) as server:
        yield server


CASES = ["binary", "multiclass", "multilabel", "regression", "targets", "quantiles", "photos"]


def rows_of(manifest):
    """The golden rows as instances, with NaN for what is missing."""
    columns = manifest["golden"]["inputs"]
    rows = zip(*columns.values(), strict=True)
    return [with_nan(dict(zip(columns, row, strict=True))) for row in rows]


def with_nan(value):
    if isinstance(value, dict):
        return {key: with_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_nan(item) for item in value]
    return float("nan") if value is None else value


def arrays(columns, want):
    """Lists by output name as arrays of the kinds of the golden ones."""
    return {name: np.array(columns[name], array.dtype) for name, array in want.items()}


def until(ready, what):
    """Wait for `ready()` to be true; return what it returned."""
    end = time.monotonic() + SECONDS
    while not (value := ready()):
        assert time.monotonic() < end, f"{what} within {SECONDS:g} s"
        time.sleep(0.05)
    return value


def states(url):
    status, value = request(url)
    assert status == 200, value
    return {int(v["version"]): v for v in value["model_version_status"]}


# What it loads and answers.


@pytest.mark.parametrize("case", CASES)
def test_status(case, server):
    (version,) = states(server.url(case)).values()
    assert version["version"] == "1"
    assert version["state"] == "AVAILABLE"
    assert version["status"]["error_code"] == "OK"
    assert states(server.url(case) + "/versions/1")[1]["state"] == "AVAILABLE"


@pytest.mark.parametrize("case", CASES)
def test_metadata_is_that_of_the_manifest(case, server, paths):
    status, value = request(server.url(case) + "/metadata")
    assert status == 200
    assert value["model_spec"]["name"] == case
    assert value["model_spec"]["version"] == "1"
    have = value["metadata"]["signature_def"]["signature_def"]
    stated = manifest_of(paths[case])["signatures"]
    assert {name for name in have if not name.startswith("__")} == set(stated)
    for name, signature in stated.items():
        for side in ("inputs", "outputs"):
            assert set(have[name][side]) == set(signature[side])
            for key, tensor in signature[side].items():
                info = have[name][side][key]
                assert info["dtype"] == DTYPES[tensor["dtype"]]
                sizes = [int(dim["size"]) for dim in info["tensor_shape"]["dim"]]
                assert sizes == [-1 if size is None else size for size in tensor["shape"]]


@pytest.mark.parametrize("case", CASES)
def test_predict_in_row_form(case, server, paths):
    manifest = manifest_of(paths[case])
    want, rows = golden_outputs(manifest), rows_of(manifest)
    status, value = request(server.url(case) + ":predict", {"instances": rows})
    assert status == 200, value
    answers = value["predictions"]
    assert len(answers) == len(rows)
    if len(want) == 1:
        columns = dict.fromkeys(want, answers)
    else:
        assert all(set(row) == set(want) for row in answers)
        columns = {name: [row[name] for row in answers] for name in want}
    compare(manifest, arrays(columns, want), want)


@pytest.mark.parametrize("case", CASES)
def test_predict_in_columnar_form(case, server, paths):
    manifest = manifest_of(paths[case])
    want, columns = golden_outputs(manifest), with_nan(manifest["golden"]["inputs"])
    status, value = request(server.url(case) + ":predict", {"inputs": columns})
    assert status == 200, value
    have = value["outputs"] if len(want) > 1 else dict.fromkeys(want, value["outputs"])
    assert set(have) == set(want)
    compare(manifest, arrays(have, want), want)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("binary", "classify"),
        ("multiclass", "classify"),
        ("photos", "classify"),
        ("regression", "regress"),
        ("quantiles", "regress"),
        ("binary", "serving_default"),
        ("photos", "serve_bytes"),
    ],
)
def test_the_example_of_a_signature(case, name, server, paths):
    signature = manifest_of(paths[case])["signatures"][name]
    example = signature["example"]
    status, value = request(f"{server.url(case)}:{signature['method']}", example["request"])
    assert status == 200, value
    assert set(value) == set(example["response"])
    (key,) = value
    for have, want in zip(value[key], example["response"][key], strict=True):
        if name == "classify":
            assert [label for label, _ in have] == [label for label, _ in want]
            have, want = ([score for _, score in pairs] for pairs in (have, want))
        elif isinstance(want, dict):
            assert have["label"] == want["label"]
            have, want = have["probabilities"], want["probabilities"]
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_check_live(case, server, paths):
    report = check_live(paths[case], server.url(case))
    assert report.ok, str(report)
    assert set(report.latency) == {"batch 1", "batch 32"}


# What may be sent, and what not.


def row(**changes):
    return {"acidity": 8.0, "alcohol": 10.0, "kind": "red", **changes}


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [row(acidity=8, alcohol=-1)]},
        {"instances": [row(acidity=float("nan"))]},
        {"instances": [row(kind={"b64": "cmVk"})]},
        {"instances": [row()] * 1000},
        {"inputs": {k: [v] for k, v in row(extra=1).items()}},
        {"signature_name": "serving_default", "instances": [row()]},
        json.dumps({"instances": [row()]}).encode() + b" and more",
        b'{"instances": [' + json.dumps(row()).encode() + b'], "instances": 3}',
    ],
)
def test_a_request_that_is_taken(body, server):
    status, value = request(server.url("regression") + ":predict", body)
    assert status == 200, value


def without(name):
    return {key: value for key, value in row().items() if key != name}


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("predict", {"instances": []}),
        ("predict", {"instances": None}),
        ("predict", {}),
        ("predict", b"[1, 2]"),
        ("predict", b'{"instances": [1, 2'),
        ("predict", {"instances": [row()], "inputs": {k: [v] for k, v in row().items()}}),
        ("predict", {"instances": [3.0]}),
        ("predict", {"instances": [without("kind")]}),
        ("predict", {"inputs": {k: [v] for k, v in without("kind").items()}}),
        ("predict", {"instances": [row(extra=1.0)]}),
        ("predict", {"instances": [row(acidity=None)]}),
        ("predict", {"instances": [row(acidity="8.0")]}),
        ("predict", {"instances": [row(acidity="NaN")]}),
        ("predict", {"instances": [row(acidity=True)]}),
        ("predict", {"instances": [row(acidity=[8.0, 9.0]), row()]}),
        ("predict", {"instances": [row(acidity=[8.0, 9.0])]}),
        ("predict", {"instances": [row(kind=3)]}),
        ("predict", {"inputs": {"acidity": [8.0, 9.0], "alcohol": [9.0], "kind": ["red"]}}),
        ("predict", {"signature_name": "none", "instances": [row()]}),
        ("regress", {"signature_name": "regress", "examples": [row(acidity=8)]}),
        ("regress", {"signature_name": "regress", "examples": [without("kind")]}),
        ("regress", {"signature_name": "regress", "examples": []}),
        ("regress", {"examples": [row()]}),
        ("classify", {"signature_name": "regress", "examples": [row()]}),
        ("translate", {"instances": [row()]}),
    ],
)
def test_a_request_that_is_refused(verb, body, server):
    status, value = request(f"{server.url('regression')}:{verb}", body)
    assert status == 400
    assert list(value) == ["error"]
    assert isinstance(value["error"], str)
    assert value["error"]


@pytest.mark.parametrize("after", ["", "/metadata", ":predict"])
def test_what_is_not_there(after, server):
    body = {"instances": [row()]} if after == ":predict" else None
    for url in (server.url("none"), server.url("regression") + "/versions/7"):
        status, value = request(url + after, body)
        assert status == 404
        assert list(value) == ["error"]
    status, value = request(server.url("regression") + "/labels/new" + after, body)
    assert status == 400
    status, value = request(server.url("regression").replace("/v1/", "/other/") + after, body)
    assert status == 404
    assert isinstance(value, str), "a page, and no JSON"


def test_check_live_says_what_is_wrong(server, paths):
    with pytest.raises(ExportError, match="does not serve the model 'none'.* HTTP 404: "):
        check_live(paths["binary"], server.url("none"))
    with pytest.raises(ExportError, match="HTTP 400: .*new"):
        check_live(paths["binary"], server.url("binary") + "/labels/new")
    report = check_live(paths["binary"], server.url("multilabel"))
    failed = {check.name: check.detail for check in report.checks if not check.ok}
    assert {"metadata", "row form", "columnar form", "classify example"} <= set(failed)
    assert failed["classify example"].startswith("HTTP 400: ")
    assert report.latency == {}


# Versions that come and go.


@pytest.fixture
def base(exports, tmp_path):
    """The folder of a model that has version 1."""
    folder = tmp_path / "wine"
    folder.mkdir()
    copy_version(exports["regression"], folder, 1)
    return folder


class Clients:
    """Threads that ask without a pause, each over one connection."""

    def __init__(self, url, body, count=4):
        self.answers = [[] for _ in range(count)]
        self._url = urllib.parse.urlsplit(url + ":predict")
        self._body = json.dumps(body).encode()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(a,)) for a in self.answers]

    def _ask(self, answers):
        connection = http.client.HTTPConnection(self._url.netloc, timeout=SECONDS)
        with contextlib.closing(connection):
            while not self._over.is_set():
                try:
                    connection.request("POST", self._url.path, self._body)
                    response = connection.getresponse()
                    answers.append((response.status, json.loads(response.read())))
                except (OSError, http.client.HTTPException, ValueError) as error:
                    answers.append((0, repr(error)))
                    return

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, count=10):
        """Wait until each has had some more answers."""
        more = [len(answers) + count for answers in self.answers]

        def enough():
            # One that met an error has stopped, and its answer fails the test.
            pairs = zip(self.answers, more, strict=True)
            return all(len(a) >= n or (a and a[-1][0] != 200) for a, n in pairs)

        until(enough, "answers")


@pytest.mark.slow
def test_hot_swap_under_load(start, base):
    one = base / "1"
    example = manifest_of(one)["signatures"]["serving_default"]["example"]
    with (
        start({"wine": base}) as server,
        Clients(server.url("wine"), example["request"]) as clients,
    ):
        clients.go_on()
        two = export_again(base)
        url = server.url("wine")
        until(lambda: states(url).get(2, {}).get("state") == "AVAILABLE", "version 2")
        until(lambda: states(url)[1]["state"] == "END", "the end of version 1")
        clients.go_on()
        assert check_live(two, url).ok
        found = {check.name: check.detail for check in check_live(one, url).checks if not check.ok}
        assert "version 2 answers, and the export is version 1" in found["version"]
    assert two.name == "2"
    before, after = (
        manifest_of(path)["signatures"]["serving_default"]["example"] for path in (one, two)
    )
    assert after["request"] == before["request"]
    values = [example["response"]["predictions"][0] for example in (before, after)]
    assert abs(values[1] - values[0]) > 0.01
    for answers in clients.answers:
        assert {status for status, _ in answers} == {200}, "no request may fail"
        got = np.array([value["predictions"][0] for _, value in answers])
        # Each is the answer of one version or the other, first the old, then the new.
        is_new = np.abs(got - values[1]) < np.abs(got - values[0])
        np.testing.assert_allclose(got, np.where(is_new, values[1], values[0]), rtol=1e-5)
        assert not is_new[0]
        assert is_new[-1]
        assert (np.diff(is_new.astype(int)) >= 0).all()


@pytest.mark.parametrize("lacking", ["saved_model.pb", "variables"])
def test_a_half_written_version_leaves_the_old_one_serving(lacking, start, base, exports):
    one = base / "1"
    (base / ".tmp-3-half").mkdir()
    (base / "v4").mkdir()
    with start({"wine": base}) as server:
        url = server.url("wine")
        copy_version(exports["regression"], base, 2, lacking=[lacking])
        failed = until(
            lambda: (v := states(url).get(2)) and v["state"] == "END" and v, "the end of version 2"
        )
        assert failed["status"]["error_code"] != "OK"
        assert failed["status"]["error_message"]
        assert set(states(url)) == {1, 2}
        report = check_live(one, url)
        assert report.ok, str(report)
        assert "version 2 is END (" in report.checks[0].detail
        # A higher number is the way out.
        three = copy_version(exports["regression"], base, 3)
        until(lambda: states(url).get(3, {}).get("state") == "AVAILABLE", "version 3")
        assert check_live(three, url).ok
