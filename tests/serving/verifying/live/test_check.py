"""`check_live` against a stand-in of the server: versions, connections and latency.

What is wrong with answers is in `test_live_answers.py`, what is no model server at all in
`test_rest.py`, and the same against a real server in `test_model_server.py`.
"""

import subprocess
import sys
import threading
import time

import pytest
from live_cases import copy_version, edit, failed, manifest_of
from marks import needs
from rest_models import version_status
from rest_server import RestServer
from serving_cases import CASES

from kerakit.errors import ExportError
from kerakit.serving.verifying.live import check as live
from kerakit.serving.verifying.live import rest_json
from kerakit.serving.verifying.live.check import check_live

BEFORE_EXAMPLES = ["server", "version", "metadata", "row form", "columnar form"]


# What is right.


@pytest.mark.parametrize("case", [*CASES, "photos"])
def test_a_server_that_answers_as_measured(case, server, ask):
    before = server.connections
    report = ask(case)
    others = {
        "binary": ["classify example"],
        "multiclass": ["classify example"],
        "regression": ["regress example"],
        "quantiles": ["regress example"],
        "photos": ["classify example", "serve_bytes example"],
    }.get(case, [])
    assert failed(report) == {}
    assert [c.name for c in report.checks] == [
        *BEFORE_EXAMPLES,
        "serving_default example",
        *others,
    ]
    assert report.path == server.paths[case]
    assert report.url == server.url(case)
    assert list(report.latency) == ["batch 1", "batch 32"]
    for times in report.latency.values():
        assert 0 < times["p50"] <= times["p95"] <= times["p99"]
    assert server.connections == before + 1, "one connection, kept alive"
    assert str(report).splitlines()[0] == f"{server.paths[case]} at {server.url(case)}"
    assert str(report).endswith("all checks passed")


@pytest.mark.process
def test_it_starts_without_tensorflow():
    code = (
        "import sys, kerakit.serving.verifying.live; "
        "print([m for m in ('tensorflow', 'keras', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_number_goes_as_nan(server):
    columns = rest_json.golden_columns(manifest_of(server.paths["binary"]))
    body = rest_json.encode(rest_json.row_request(rest_json.take(columns, [0, 1])))
    assert body.count(b'"acidity":NaN') == 1
    assert b"null" not in body


@pytest.mark.parametrize("after", ["/", ":predict", "/versions/1", "/versions/1:classify/"])
def test_what_follows_the_name_in_the_url(after, server):
    report = check_live(server.paths["binary"], server.url("binary") + after)
    assert report.ok
    assert report.url == server.url("binary") + ("/versions/1" if "versions" in after else "")


def test_a_server_may_drop_an_idle_connection(server, ask):
    def drop(handler):
        handler.close_connection = True  # without a word in the headers

    server.intercept = drop
    before = server.connections
    assert ask("binary").ok
    assert server.connections > before + 30


@pytest.mark.export
def test_a_model_may_have_another_name_on_the_server(exports):
    with RestServer({"renamed": exports["binary"].parent}) as server:
        report = check_live(exports["binary"], server.url("renamed"))
    assert report.ok
    assert "'renamed', which was exported as 'binary'" in report.checks[0].detail


# Nothing to compare.


@pytest.mark.parametrize("after", ["", "/versions/7"])
def test_a_model_that_is_not_served(after, server):
    name = "binary" if after else "wine"
    with pytest.raises(ExportError, match="HTTP 404: Could not find .* folder") as caught:
        check_live(server.paths["binary"], server.url(name) + after)
    assert f"does not serve the model {name!r}" in str(caught.value)
    assert ("exported as 'binary'" in str(caught.value)) == (not after)


def test_a_label_that_is_not_known(server):
    with pytest.raises(ExportError, match="HTTP 400: Unrecognized servable version label: new"):
        check_live(server.paths["binary"], server.url("binary") + "/labels/new")


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ([version_status(1, "START")], "not ready: version 1 is START. Wait"),
        ([version_status(1, "LOADING")], "not ready: version 1 is LOADING. Wait"),
        (
            [version_status(1, "END", "DATA_LOSS", "variables are\n\x1b[31mgone")],
            r"version 1 is END \(DATA_LOSS: variables are \?\[31mgone\). .* export a new version",
        ),
        ([version_status(1, "END")], "no version that is loaded: version 1 is END"),
    ],
)
def test_a_version_that_is_not_loaded(states, why, server, ask):
    server.states["binary"] = states
    with pytest.raises(ExportError, match=why):
        ask("binary")


# Another version.


@pytest.fixture
@needs("export")
def two(exports, tmp_path):
    """Versions 1 and 2 of one model."""
    base = tmp_path / "binary"
    base.mkdir()
    return [copy_version(exports["binary"], base, number) for number in (1, 2)]


def test_another_version(two):
    one, newer = two
    with RestServer({"binary": one.parent}) as server:
        assert check_live(newer, server.url("binary")).ok
        report = check_live(one, server.url("binary"))
        assert list(failed(report)) == ["version"]
        assert report.latency == {}
        detail = failed(report)["version"]
        assert detail.startswith(
            "version 2 answers, and the export is version 1, which it does not"
        )
        server.states["binary"] = [version_status(2, "AVAILABLE"), version_status(1, "END")]
        detail = failed(check_live(one, server.url("binary")))["version"]
        assert detail.endswith("which is END there: verify the export of version 2")


def test_a_version_of_several(two):
    one, newer = two
    with RestServer({"binary": one.parent}, keep_all=True, labels={"stable": 1}) as server:
        url = server.url("binary")
        assert check_live(newer, url).ok
        assert failed(check_live(one, url))["version"].endswith("add /versions/1 to the URL")
        assert check_live(one, f"{url}/versions/1").ok
        assert check_live(one, f"{url}/labels/stable").ok
        assert "version" in failed(check_live(newer, f"{url}/labels/stable"))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (version_status(1, "LOADING"), "which is LOADING there: wait, and run this again"),
        (version_status(1, "END", "NOT_FOUND", "no pb"), "failed to load there: NOT_FOUND: no pb"),
    ],
)
def test_the_version_is_not_loaded_yet(status, why, server, ask):
    server.states["binary"] = [version_status(0, "AVAILABLE"), status]
    assert failed(ask("binary"))["version"].endswith(why)


@pytest.mark.export
def test_a_server_that_is_lost_on_the_way(exports):
    with RestServer({"binary": exports["binary"].parent}) as server:

        def leave(handler):
            if handler.path.endswith("/metadata"):
                server.close_port()
                handler.close_connection = True
                return True

        server.intercept = leave
        report = check_live(exports["binary"], server.url("binary"))
    assert [check.name for check in report.checks] == ["server", "version", "metadata"]
    assert "connection refused" in failed(report)["metadata"]


def test_a_server_that_hangs_on_the_way(server, ask):
    asked = threading.Event()

    def hang(handler):
        if handler.path.endswith(":predict"):
            asked.wait(60)

    server.intercept = hang
    report = ask("binary", timeout=1)
    asked.set()
    assert [check.name for check in report.checks][-1] == "row form"
    assert "did not answer within 1 s" in failed(report)["row form"]


# Latency.


def test_latency_is_bounded_in_time(server, ask, monkeypatch):
    def slow(handler):
        if handler.path.endswith(":predict"):
            time.sleep(0.05)

    monkeypatch.setattr(live, "_SECONDS", 0.4)
    monkeypatch.setattr(live, "_SERIES", ((1, 1000), (32, 1000)))  # 100 s, if all were asked
    server.intercept = slow
    start = time.monotonic()
    report = ask("binary")
    assert time.monotonic() - start < 20
    assert report.ok
    assert report.latency["batch 1"]["p50"] >= 50


def test_latency_of_a_server_that_fails_under_load(server, ask):
    count = iter(range(10**6))

    def tire(handler):
        if handler.path.endswith(":predict") and next(count) > 12:
            handler.answer(503, b'{"error": "too many requests"}')
            return True

    server.intercept = tire
    report = ask("binary")
    assert failed(report) == {"latency": "HTTP 503: too many requests"}
    assert report.latency == {}


def test_a_manifest_without_examples(exports, server, tmp_path):
    """An export of an older kerakit has fewer entries."""
    path = copy_version(exports["binary"], tmp_path, 1)

    def older(manifest):
        for signature in manifest["signatures"].values():
            signature.pop("method")
            signature.pop("example")

    edit(path, older)
    report = check_live(path, server.url("binary"))
    assert report.ok
    assert [check.name for check in report.checks] == BEFORE_EXAMPLES
