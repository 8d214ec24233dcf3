"""`--find-learning-rate`: what the user sees of the range test."""

import re

import pytest

from kerakit.workflow.jobs import load_recipe


@pytest.mark.training
def test_the_test_says_a_rate_shows_a_figure_and_trains_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = ["--find-learning-rate", "--name", "rates", "--hidden", "8", "--bins", "0"]
    with pytest.raises(SystemExit) as end:
        load_recipe("tabular-regression").main(flags)
    assert end.value.code == 0
    out = capsys.readouterr().out.splitlines()
    text = "\n".join(out)
    assert out[-5].startswith("learning rates 1.0e-07 to ") and "Testing learning rates" in text
    valley, steepest = (
        float(re.search(rf"{word} +(\S+)$", text, re.M)[1]) for word in ("valley", "steepest")
    )
    assert 1e-5 < valley < 1 and 1e-5 < steepest < 1
    assert out[-2] == "Figure: runs/rates/learning_rate.png"
    assert out[-1] == f"Train with it: the same command, with --learning-rate {valley:.1e}"
    figure = tmp_path / "runs" / "rates" / "learning_rate.png"
    assert figure.read_bytes().startswith(b"\x89PNG")
    # No version of a run, no export.
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [figure.name]
