"""Another backend of Keras is named in one line, before Keras is imported."""

import os
import subprocess
import sys

import pytest

ASK = """
import sys, kerakit as kk
try:
    kk.mlp_regressor(3)
except kk.ArgumentError as error:
    print(error, "keras" in sys.modules)
"""


@pytest.mark.process
@pytest.mark.parametrize("source", ["KERAS_BACKEND", "keras.json"])
def test_another_backend_is_named_with_the_one_that_is_needed(tmp_path, source):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KERAS")}
    if source == "KERAS_BACKEND":
        environment["KERAS_BACKEND"] = "jax"
    else:
        (tmp_path / "keras.json").write_text('{"backend": "jax"}')
        environment["KERAS_HOME"] = str(tmp_path)
    options = {"env": environment, "capture_output": True, "text": True, "check": True}
    out = subprocess.run([sys.executable, "-c", ASK], **options).stdout
    assert f"'jax' ({source if source == 'KERAS_BACKEND' else tmp_path / source})" in out
    assert "Set KERAS_BACKEND=tensorflow" in out and out.rstrip().endswith("False")


@pytest.mark.process
def test_a_recipe_names_another_backend_too():
    script = "from kerakit.cli import main; main()"
    command = [sys.executable, "-c", script, "train", "tabular-regression"]
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: kerakit trains and exports by TensorFlow. Got Keras with")
