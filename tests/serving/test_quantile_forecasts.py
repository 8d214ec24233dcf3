"""Forecasters of quantiles: `predict`, exports and files answer with the middle and the ends."""

import json

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.builders.answering import scale_of
from kerakit.builders.contract import (
    Calibration,
    Intervals,
    remember_calibration,
    weights_number,
)
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.verifying.verify import run_checks

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def table(kind):
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=60)
    if kind == "channels":
        return pd.DataFrame(
            {"day": days, "load": rng.normal(10, 2, 60), "price": rng.normal(500, 60, 60)}
        )
    tables = [
        pd.DataFrame(
            {
                "day": days,
                "store": name,
                "promotion": rng.integers(0, 2, 60),
                "sales": size * rng.normal(10, 1, 60),
            }
        )
        for name, size in (("small", 1.0), ("large", 50.0))
    ]
    return pd.concat(tables)


def made(kind, calibrated=False):
    """`(model, data)`; weights are random, as if trained, and so is the calibration."""
    options = {"window": 8, "horizon": 3, "time": "day"}
    if kind == "channels":
        data = kk.load_series(table(kind), value=["load", "price"], **options)
    else:
        options |= {"id": "store", "future": "promotion"}
        data = kk.load_series(table(kind), value="sales", **options)
    model = kk.sequence_forecaster(data, units=4, quantiles=LEVELS)
    rng = np.random.default_rng(0)
    for weight in model.get_layer("network").trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    if calibrated:
        shape = (3, 2) if kind == "channels" else (3,)
        widths = rng.normal(0.2, 0.2, shape) * ([1.0, 30.0] if kind == "channels" else 1.0)
        intervals = Intervals(widths, column=2, scaled=kind == "stores")
        found = Calibration(0.8, 20, weights_number(model), intervals=intervals)
        remember_calibration(model, found)
    return model, data


def rows_of(data):
    return {name: np.asarray(of) for name, of in data.table("test").features.items()}


def expected(model, data, widths=None):
    """The answer by NumPy, from the numbers of `model.predict`."""
    raw = model.predict(rows_of(data), verbose=0)
    low, middle, high = raw[..., 0], raw[..., 2], raw[..., 4]
    if widths is not None:
        if data.spec.series.id:
            scales = scale_of(model)
            widths = widths * scales.predict(rows_of(data), verbose=0)
        low, high = np.minimum(low - widths, middle), np.maximum(high + widths, middle)
    return {"forecast": middle, "lower": low, "upper": high}


@pytest.mark.many
@pytest.mark.parametrize("kind", ["channels", "stores"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_predict_gives_the_middle_and_the_ends(kind, calibrated):
    model, data = made(kind, calibrated)
    answer = kk.predict(model, data.test)
    from kerakit.builders.contract import calibration_of

    widths = calibration_of(model).intervals.widths if calibrated else None
    want = expected(model, data, widths)
    assert list(answer) == list(want)
    for name, values in want.items():
        np.testing.assert_allclose(answer[name], values, rtol=2e-5, atol=2e-3, err_msg=name)
    assert (answer["lower"] <= answer["forecast"]).all()
    assert (answer["forecast"] <= answer["upper"]).all()
    report = kk.evaluate(model, data, verbose=0)
    y = np.asarray(data.table("test").target)
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    if kind == "channels":
        for column, name in enumerate(("load", "price")):
            share = inside[..., column].mean()
            assert report.per_target[name]["coverage"] == pytest.approx(share)
    else:
        assert report.test["coverage"] == pytest.approx(inside.mean())


@pytest.mark.many
def test_a_scale_is_in_the_unit_of_the_series():
    """Of several series the square of the scale is the mean of two variances."""
    model, data = made("stores")
    rows = rows_of(data)
    variances = dict(zip(data.spec.series.ids, np.ravel(data.spec.series.variances), strict=True))
    of_series = np.array([variances[id] for id in rows["store"]])
    by_hand = np.sqrt((rows["window"].astype("f8").var(axis=1) + of_series) / 2)
    found = scale_of(model).predict(rows, verbose=0)
    np.testing.assert_allclose(found, by_hand[:, None], rtol=1e-4)


@pytest.mark.export
@pytest.mark.parametrize("kind", ["channels", "stores"])
def test_an_export_answers_what_predict_answers(kind, tmp_path):
    model, data = made(kind, calibrated=kind == "stores")
    path = kk.export(model, data, tmp_path / "m", verify=False)
    served, answer = kk.load_served(path), kk.predict(model, data.test)
    for name, values in served(data.test).items():
        assert np.array_equal(values, answer[name]), name
    manifest = json.loads((path / MANIFEST).read_text())
    assert manifest["quantiles"] == list(LEVELS)
    row = manifest["signatures"]["serving_default"]["example"]["response"]["predictions"][0]
    assert list(row) == ["forecast", "lower", "upper"]
    golden = manifest["golden"]["outputs"]
    assert set(golden) == {"forecast", "lower", "upper"}
    checks = run_checks(path)
    assert checks.ok, checks
    if kind == "channels":
        ahead = served(table(kind))  # continues the table
        assert {"load", "load_lower", "price_upper"} <= {*ahead.columns} and len(ahead) == 3
        assert (ahead["price_lower"] <= ahead["price"]).all()


@pytest.mark.export
def test_planted_crossed_ends_are_not_published(tmp_path, monkeypatch):
    """The golden sample is by NumPy: ends that are taken from a wrong level show."""
    from kerakit.serving.exporting import postprocess

    model, data = made("channels")
    monkeypatch.setattr(
        postprocess,
        "_with_ends",
        lambda name, answer, levels: {
            name: answer[..., 2],
            "lower": answer[..., 1],
            "upper": answer[..., 4],
        },
    )
    with pytest.raises(kk.ExportError, match="'golden sample' failed.*lower"):
        kk.export(model, data, tmp_path / "m")
    assert not list(tmp_path.iterdir())
