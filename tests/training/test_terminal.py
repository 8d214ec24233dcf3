"""What a user sees of a run with long epochs: on a real terminal, in a pipe, and after Ctrl-C."""

import contextlib
import os
import pathlib
import pty
import select
import subprocess
import sys
import time

import pytest

# An epoch of 300 steps, each of which waits for 20 ms: six seconds that cost no CPU time.
SCRIPT = """
import sys, time
import keras, numpy as np, tensorflow as tf
import kerakit as kk

class Slow(keras.layers.Layer):
    def call(self, values, training=None):
        if not training:
            return values
        slept = tf.numpy_function(lambda: np.float32(time.sleep(0.02) or 0), [], "float32")
        with tf.control_dependencies([slept]):
            return tf.identity(values)

rng = np.random.default_rng(0)
data = kk.load_arrays(rng.normal(size=(1000, 3)), rng.normal(size=1000), validation_size=0.2)
inputs = keras.Input((3,), name="features")
model = keras.Model(inputs, keras.layers.Dense(1)(Slow()(inputs)))
kk.compile(model, "sgd")
batch_size = -(-data.spec.sizes["train"] // 300)
kk.fit(model, data, epochs=int(sys.argv[1]), batch_size=batch_size, early_stopping=False)
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "run.py"
    path.write_text(SCRIPT)
    return path


@pytest.mark.process
@pytest.mark.slow
def test_on_a_terminal_the_bar_moves_and_ctrl_c_ends_the_run(script):
    terminal, own = pty.openpty()
    root = str(pathlib.Path(__file__).parents[2])
    environment = {**os.environ, "COLUMNS": "100", "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.Popen(
        [sys.executable, str(script), "9"],
        stdin=own,
        stdout=own,
        stderr=own,
        env=environment,
        start_new_session=True,
    )
    os.close(own)
    drawn, interrupted = [], None
    try:
        while run.poll() is None:
            if select.select([terminal], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # the other end is closed
                    drawn.append((time.monotonic(), os.read(terminal, 65536).decode()))
            if interrupted is None and any("epoch 2/" in text for _, text in drawn):
                time.sleep(0.3)  # into a call
                interrupted = time.monotonic()
                os.kill(run.pid, 2)
            assert not drawn or time.monotonic() - drawn[-1][0] < 120
    finally:
        run.kill()
        os.close(terminal)
    shown = "".join(text for _, text in drawn)
    epoch = [(when, text) for when, text in drawn if "epoch 1/" in text]
    gaps = [after - before for (before, _), (after, _) in zip(epoch, epoch[1:], strict=False)]
    # A busy machine may hold the process up once. A whole epoch takes six seconds or more.
    whole = next(when for when, text in drawn if "epoch 2/" in text) - epoch[0][0]
    assert len(epoch) >= 6 and sorted(gaps)[-2] < 0.4 * whole and max(gaps) < 0.8 * whole, shown
    assert " left  loss " in epoch[-2][1]
    assert "KeyboardInterrupt" in shown
    answered = next(when for when, text in drawn if "Traceback" in text)
    assert answered - interrupted < 0.8 * whole


@pytest.mark.process
@pytest.mark.slow
def test_in_a_pipe_an_epoch_is_a_line(script):
    run = subprocess.run([sys.executable, str(script), "2"], capture_output=True, text=True)
    lines = run.stdout.splitlines()
    assert run.returncode == 0, run.stderr
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "..." not in run.stderr
