"""What the tests of training share."""

import keras
import pytest


@pytest.fixture(autouse=True)
def seeded():
    """The same initial weights whatever ran before, so that a test passes or fails by itself."""
    keras.utils.set_random_seed(0)
