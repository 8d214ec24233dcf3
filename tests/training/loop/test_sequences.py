"""Runs on sequences that were stopped end as the uninterrupted ones, linear paths included."""

import numpy as np
import pytest
from trained_sequences import forecaster, reader, tagged, tagger, texts, windows
from training_cases import Stop

import kerakit as kk

pytestmark = pytest.mark.training


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "make", "cache_mb"),
    [
        *((tagged, tagger, size) for size in (512, 0)),
        *((texts, reader, size) for size in (512, 0)),
        (windows, forecaster, 512),
    ],
)
def test_a_stopped_run_ends_as_the_uninterrupted_one(load, make, cache_mb, tmp_path):
    """Its linear path is frozen again, and one that was not solved is trained again."""
    data, more = load(), {} if make is forecaster else {"dropout": 0.3}
    options = {"epochs": 3, "verbose": 0, "cache_mb": cache_mb, "batch_size": 16}
    whole, stopped, resumed = (make(data, **more) for _ in range(3))
    full = kk.fit(whole, data, run_dir=tmp_path / "a", callbacks=[Stop()], **options)
    with pytest.raises(KeyboardInterrupt):
        kk.fit(stopped, data, run_dir=tmp_path / "b", callbacks=[Stop(1)], **options)
    rest = kk.fit(resumed, data, run_dir=tmp_path / "b", callbacks=[Stop()], **options)
    assert rest.epoch == full.epoch == [0, 1, 2]
    assert rest.history["val_loss"] == pytest.approx(full.history["val_loss"], rel=1e-6)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for model in (whole, resumed):
        layers = model.get_layer("network").layers
        path = [layer for layer in layers if layer.name.startswith("linear")]
        assert bool(path) == (make is not tagger)
        assert all(layer.trainable == (cache_mb == 0) for layer in path)
        assert all(np.any(weight) for layer in path for weight in layer.get_weights())
