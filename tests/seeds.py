"""Every fixture and every test begins with the same random numbers, in whichever order they run.

A test that trains a model from other random weights in each run fails once in many runs, and
tells nothing. A plugin, and not a fixture, so that it reaches the fixtures of a session and the
examples of docstrings too.
"""

import random
import sys

import hypothesis
import numpy as np
import pytest

__all__ = ["pytest_fixture_setup", "pytest_runtest_call"]

# The examples of a property are the same in every run too, and none of them is timed.
hypothesis.settings.register_profile("kerakit", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("kerakit")


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup():
    _seed()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    _seed()


def _seed():
    random.seed(0)
    np.random.seed(0)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)
