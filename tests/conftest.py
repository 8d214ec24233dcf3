"""What all tests share: small data with known answers."""

import gc
import os
import pathlib
import signal
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

import kerakit as kk

sys.path.append(str(pathlib.Path(__file__).parent))  # also for other conftests

import marks
import seeds

# Imports and collection make a million objects that stay: without the garbage collector, which
# would look at all of them again and again, they take a third less CPU time.
gc.disable()

# A job in a shell's background ignores Ctrl-C, and so would the processes that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    config.pluginmanager.register(seeds)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """No examples are looked for in the docstrings of tests: that takes a second of CPU time."""
    found = yield
    return [one for one in found if type(one).__name__ != "DoctestModule"]


def pytest_collection_modifyitems(items):
    marks.mark(items)


def pytest_collection_finish():
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(autouse=True)
def _quick_is_quick(request, monkeypatch):
    """A test that is marked as quick fails where it starts a process or trains a model."""
    if request.node.get_closest_marker("quick") is None:
        return

    start = subprocess.Popen.__init__

    def start_process(self, args, *more, **settings):
        if not _importing():  # some packages ask for the processor when they are imported
            pytest.fail(f"A quick test starts {args!r}: mark it with @pytest.mark.process")
        start(self, args, *more, **settings)

    def train(*args, **settings):
        pytest.fail("A quick test trains a model: mark it with @pytest.mark.training")

    monkeypatch.setattr(subprocess.Popen, "__init__", start_process)
    if "keras" in sys.modules:
        monkeypatch.setattr(sys.modules["keras"].optimizers.Optimizer, "apply", train)


def _importing():
    frame = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != "importlib._bootstrap":
        frame = frame.f_back
    return frame is not None


@pytest.fixture(scope="session")
def test_data():
    """Folder of the real data sets, named by the environment; a test skips without it."""
    folder = os.environ.get("KERAKIT_TEST_DATA", "")
    if not folder or not pathlib.Path(folder).is_dir():
        pytest.skip("KERAKIT_TEST_DATA names no folder of real data sets")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def line_data():
    """300 rows of y = 100 + 20 a - 5 b, exactly, in two columns of different units."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(3, 2, 300), rng.normal(-1000, 50, 300)
    y = (100 + 20 * a - 5 * (b + 1000) / 50).astype("float32")
    return kk.load_arrays({"a": a, "b": b}, y, task="regression")


@pytest.fixture(scope="session")
def diabetes():
    return kk.load_builtin("diabetes")


@pytest.fixture(scope="session")
def iris():
    return kk.load_builtin("iris")


@pytest.fixture(scope="session")
def breast_cancer():
    return kk.load_builtin("breast_cancer")


@pytest.fixture(scope="session")
def mixed_data():
    """Numbers with gaps, a few categories and many; the answer depends on all of them."""
    rng = np.random.default_rng(1)
    n = 400
    number = rng.normal(size=n)
    color = rng.choice(["red", "green", "blue"], n)
    city = np.array([f"city{i:03d}" for i in rng.integers(0, 120, n)])
    y = 3 * number + 2 * (color == "red") + (np.char.endswith(city, "7"))
    number = np.where(rng.random(n) < 0.1, np.nan, number)
    columns = {"number": number, "color": color.astype(object), "city": city.astype(object)}
    return kk.load_arrays(columns, y.astype("float32"), task="regression")
