"""`verify` and its report."""

import pathlib
import shutil

import pytest

from kerakit.errors import ArgumentError
from kerakit.serving import verify
from kerakit.serving.verifying.report import Check, VerifyReport


@pytest.mark.slow
@pytest.mark.process
def test_a_good_export_passes_in_a_fresh_process(exports, capsys):
    report = verify(exports["regression"].parent, verbose=True)
    assert report.ok
    assert report.path == exports["regression"]
    assert [check.name for check in report.checks] == [
        "files",
        "variables",
        "operations",
        "signature",
        "preprocessing",
        "loads",
        "golden sample",
        "in a session",
        "same answer twice",
        "batch size",
        "other signatures",
        "warm-up",
    ]
    assert set(report.latency) == {"batch 1", "batch 32"}
    assert 0 < report.latency["batch 1"]["p50"] <= report.latency["batch 1"]["p95"]
    assert str(report) in capsys.readouterr().out
    assert str(report).endswith("all checks passed")


def test_a_report_says_what_failed(exports, tmp_path, one_process, capsys):
    path = shutil.copytree(exports["binary"], tmp_path / "binary" / "1")
    shutil.rmtree(path / "variables")
    report = verify(path, verbose=False)
    assert not report.ok
    assert capsys.readouterr().out == ""
    assert "FAILED  variables" in str(report)
    assert "variables.index is missing" in str(report)
    assert report.latency == {}


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="no such folder"):
        verify(tmp_path / "none")
    with pytest.raises(ArgumentError, match="not an export"):
        verify(tmp_path)


def test_a_report_shows_itself_in_a_few_lines():
    checks = (Check("files", True, "read"), Check("labels", False, "no has another place"))
    folder = pathlib.Path("saved_models/wine/1")
    assert repr(VerifyReport(folder, checks, {})).splitlines() == [
        "VerifyReport of saved_models/wine/1",
        "  1 of 2 checks FAILED",
        "  FAILED labels: no has another place",
    ]
    url = "http://localhost:8501/v1/models/wine"
    good = VerifyReport(folder, checks[:1], {"batch 1": {"p50": 0.3, "p95": 0.4}}, url)
    assert repr(good).splitlines() == [
        f"VerifyReport of saved_models/wine/1 at {url}",
        "  all checks passed",
        "  latency, batch 1: p50 0.3 ms, p95 0.4 ms",
    ]
