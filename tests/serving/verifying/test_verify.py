"""`verify` and its report."""

import shutil

import pytest

from kerakit.errors import ArgumentError
from kerakit.serving import verify


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
