"""Training on several series: each window's errors count in the deviations of its series."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk


def stores(channels):
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=90)
    parts = []
    for name, size in (("small", 1.0), ("large", 1000.0), ("middle", 30.0)):
        table = pd.DataFrame({"day": days, "store": name, "area": np.log(size)})
        for number in range(channels):
            table[f"sales{number}"] = size * (5 + rng.normal(size=90))
        parts.append(table.assign(promo=rng.integers(0, 2, 90)))
    return kk.load_series(
        pd.concat(parts),
        value=[f"sales{number}" for number in range(channels)],
        id="store",
        future="promo",
        static="area",
        window=6,
        horizon=4,
    )


@pytest.mark.training
@pytest.mark.parametrize(
    ("channels", "encoder"),
    [(1, "segment"), (2, "segment"), pytest.param(2, "gru", marks=pytest.mark.slow)],
)
def test_the_loss_is_the_mean_of_errors_in_deviations_of_their_series(channels, encoder):
    data = stores(channels)
    model = kk.sequence_forecaster(data, units=4, encoder=encoder)
    kk.compile(model)
    history = kk.fit(model, data, epochs=2, verbose=0, early_stopping=False)
    table, spec = data.table("validation"), data.spec
    features = {name: np.asarray(values) for name, values in table.features.items()}
    answer = kk.predict(model, features, data)["forecast"].reshape(len(table), 4, channels)
    error = np.asarray(table.target).reshape(answer.shape) - answer
    shares = np.mean(error**2, axis=1) / np.array(spec.target.variance)
    expected = np.mean(shares * table.weight[:, None])
    assert history.history["val_loss"][-1] == pytest.approx(expected, rel=1e-4)
    if channels == 1:  # a weight is the variance of all series by that of its own
        own = dict(zip(spec.series.ids, np.array(spec.series.variances)[:, 0], strict=True))
        variance = np.array([own[id] for id in table.features["store"]])
        assert expected == pytest.approx(np.mean(np.mean(error**2, axis=1)[:, 0] / variance))
