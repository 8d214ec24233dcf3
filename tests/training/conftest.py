"""What the tests of training share."""

import pathlib
import sys

import keras
import pytest
from threadpoolctl import threadpool_limits

sys.path.append(str(pathlib.Path(__file__).parent))  # for the modules of cases, here and below

import training_cases


@pytest.fixture(autouse=True)
def seeded():
    """The same initial weights whatever ran before, so that a test passes or fails by itself."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """A cache folder of the test's own: nothing is remembered from another, or for the user."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    """One thread for NumPy and scikit-learn: on matrices this small, several only wait."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def pictures():
    """Makes `Data` of small images whose class is the place of a bright stripe."""
    return training_cases.picture_data


@pytest.fixture
def small_cnn():
    """Makes a small convolutional network with batch normalisation and dropout."""
    return training_cases.cnn
