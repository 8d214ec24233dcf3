"""A short series, and a forecaster whose recurrent layers train from the first step."""

import keras
import numpy as np
import pytest

import kerakit as kk


@pytest.fixture(scope="session")
def series():
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(160) / 3) + rng.normal(0, 0.1, 160)
    return kk.load_series(values.astype("float32"), window=8, horizon=2)


@pytest.fixture
def make_forecaster():
    """Makes a compiled forecaster of an LSTM."""
    return forecaster


def forecaster(data):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data.spec, encoder="lstm", units=4)
    kk.compile(model, "forecasting", optimizer="sgd", schedule="constant", learning_rate=0.1)
    # At zero, as it begins, it would hardly train the layers before it.
    output = model.get_layer("network").get_layer("output")
    output.kernel.assign(np.random.default_rng(0).normal(0, 0.3, output.kernel.shape))
    return model
