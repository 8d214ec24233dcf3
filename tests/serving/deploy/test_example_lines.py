import json
import shlex
import subprocess

import pytest

from kerakit.serving import (
    curl_line,
    docker_line,
    request_example,
)
from kerakit.serving.contract.manifest import read_manifest


def test_shell_lines_survive_quotes_and_spaces(exports):
    manifest = read_manifest(exports["regression"])
    assert json.loads(request_example(manifest))["instances"][0].keys() == {
        "acidity",
        "alcohol",
        "kind",
    }
    example = manifest["signatures"]["serving_default"]["example"]["request"]
    example["instances"][0]["kind"] = 'it\'s "so" $HOME'
    manifest["name"] = "my wine"
    words = shlex.split(curl_line(exports["regression"], manifest))
    assert words[:2] == ["curl", "-d"]
    assert json.loads(words[2]) == example
    assert words[3] == "http://localhost:8501/v1/models/my%20wine:predict"


@pytest.mark.process
def test_the_docker_line_mounts_the_models_folder(exports, tmp_path):
    base = exports["regression"].parent
    assert docker_line(exports["regression"]) == (
        f'docker run -p 8501:8501 -v "{base}:/models/regression" '
        "-e MODEL_NAME=regression tensorflow/serving"
    )
    for parent in ('a $b "c"', "with:colon"):
        odd = tmp_path / parent / "my wine" / "1"
        (odd / "assets.extra").mkdir(parents=True)
        (odd / "assets.extra" / "kerakit.json").write_text("{}")
        line = docker_line(odd).replace("docker", "printf '%s\\n'", 1)
        words = subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout
        words = words.splitlines()
        assert words[-2:] == ["MODEL_NAME=my wine", "tensorflow/serving"]
        assert str(odd.parent) in words[words.index("-e") - 1]
