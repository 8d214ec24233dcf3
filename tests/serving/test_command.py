"""The `kerakit` command on real exports."""

import json
import shutil
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

CODE = "import sys; sys.argv[0] = 'kerakit'; from kerakit.cli import main; main()"


def command(*flags, cwd):
    return subprocess.run(
        [sys.executable, "-c", CODE, *map(str, flags)], capture_output=True, text=True, cwd=cwd
    )


@pytest.mark.slow
def test_an_export_is_verified(exports, tmp_path):
    done = command("verify", exports["regression"], cwd=tmp_path)
    assert done.returncode == 0 and "all checks passed" in done.stdout, done.stderr


@pytest.mark.slow
def test_an_export_that_answers_otherwise_fails(exports, tmp_path):
    path = shutil.copytree(exports["regression"], tmp_path / "wine" / "1")
    manifest = path / "assets.extra" / "kerakit.json"
    values = json.loads(manifest.read_text())
    values["golden"]["outputs"]["prediction"][0] += 1
    manifest.write_text(json.dumps(values))
    done = command("verify", path, cwd=tmp_path)
    assert done.returncode == 1 and "FAILED" in done.stdout
    assert done.stderr == f"error: {path} does not answer as measured; see the table above.\n"


def test_a_server_is_asked_at_its_address(exports, tmp_path):
    path = exports["regression"]
    done = command("verify", path, "--url", "localhost:8501/wine", cwd=tmp_path)
    assert done.returncode == 2 and "/v1/models/NAME" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1/models/regression"
    done = command("verify", path, "--url", url, cwd=tmp_path)
    assert done.returncode == 1 and str(port) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_file_is_scored_as_it_is_laid_out(exports, tmp_path):
    path = exports["regression"]
    (tmp_path / "tabs").write_text("fixed acidity\talcohol\tkind\n\t9.4\tred\n7.5\t10.2\twhite\n")
    (tmp_path / "other.csv").write_text("9.4;red;\n10.2;white;7.5\n", encoding="utf-16")
    flags = ("--csv", "tabs", "--out", "tabs.out", "--separator", "tab")
    done = command("predict", path, *flags, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "2 rows scored to tabs.out\n"), done.stderr
    done = command(
        *("predict", path, "--csv", "other.csv", "--out", "other.out", "--batch-size", "1"),
        *("--columns", "alcohol, kind, fixed acidity", "--separator", ";", "--encoding", "utf-16"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    name, *scores = (tmp_path / "tabs.out").read_text().splitlines()
    assert name == "prediction" and len(scores) == 2
    others = (tmp_path / "other.out").read_text().splitlines()[1:]
    for score, other in zip(scores, others, strict=True):
        assert abs(float(score) - float(other)) < 1e-4
