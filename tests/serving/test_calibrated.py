"""Calibrated models: `predict`, the export and a server give the calibrated answers."""

import json

import numpy as np
import pytest
from calibrations import CALIBRATIONS, calibrated
from sequence_cases import SEQUENCE_CASES, make_case
from serving_cases import QUANTILES, make_model, make_spec, make_table, predict

import kerakit as kk
from kerakit.builders.contract import calibration_of
from kerakit.errors import ArgumentError
from kerakit.serving.answering.columns import answer_columns
from kerakit.serving.contract.versions import MANIFEST
from kerakit.serving.standalone.compare import compare
from kerakit.serving.verifying.verify import run_checks

TABLES = ("binary", "multiclass", "multilabel", "regression", "targets", "quantiles")


def made(case):
    """`(calibrated model, spec, table)` of a case."""
    if case in SEQUENCE_CASES:
        model, spec, table = make_case(case)
    else:
        spec = make_spec(case)
        levels = QUANTILES if case == "quantiles" else None
        model, table = make_model(case, spec, levels=levels), make_table(spec)
    return calibrated(case, model), spec, table


def expected(case, model, spec, features):
    """The calibrated answers by NumPy, from what the model answers."""
    raw = predict(model, features)
    found = calibration_of(model)
    if found.probabilities is not None:
        return found.probabilities.of(raw)
    spread, columns = found.intervals.spread, None
    if spread is not None and spread.columns:
        columns = predict(model.get_layer("preprocess"), features)
    return found.intervals.of(raw, columns)


@pytest.mark.many
@pytest.mark.parametrize("case", [*TABLES, "forecast", "channels", "series", "text"])
def test_predict_gives_the_calibrated_answers(case):
    model, spec, table = made(case)
    want = expected(case, model, spec, table.features)
    answer = kk.predict(model, dict(table.features), spec)
    if "probabilities" in answer:
        np.testing.assert_allclose(answer["probabilities"], want, atol=2e-6)
        rule = calibration_of(model).probabilities.sets
        if case == "multilabel":
            assert "set" not in answer
            assert (answer["labels"] != "").tolist() == (want >= 0.5).tolist()
            return
        inside = rule.of(want)
        labels = np.where(inside, np.array(spec.classes, object), "")
        near = np.abs(rule.scores(want) - rule.threshold) < 1e-5
        assert ((answer["set"] == labels) | near).all()
        assert 1 < inside.sum(axis=1).mean() < len(spec.classes)  # some are left out
        return
    name = "forecast" if "forecast" in answer else "prediction"
    for end, column in zip(("lower", name, "upper"), range(3), strict=True):
        np.testing.assert_allclose(answer[end], want[..., column], rtol=2e-6, atol=2e-4)
    assert (answer["lower"] < answer[name]).all() and (answer[name] < answer["upper"]).all()


def test_the_interval_is_wider_where_the_spread_is_larger():
    model, spec, table = made("targets")
    answer = kk.predict(model, dict(table.features), spec)
    half = (answer["upper"] - answer["lower"]) / 2
    raw = predict(model, table.features)
    low = np.clip((raw[:, 1] - 85) / 15, 0, 1), np.clip((raw[:, 1] - 100) / 20, 0, 1)
    by_hand = 7 * np.exp(-0.5 * low[0] + 0.9 * low[1] + 0.2)
    np.testing.assert_allclose(half[:, 1], by_hand, rtol=1e-4)
    assert half[:, 1].max() > 1.05 * half[:, 1].min()


@pytest.mark.many
def test_other_weights_than_were_calibrated_are_refused(tmp_path):
    model, spec, table = made("regression")
    kk.predict(model, dict(table.features), spec)
    kernel = model.get_layer("network").weights[0]
    kernel.assign(kernel + 0.1)
    for call in (
        lambda: kk.predict(model, dict(table.features), spec),
        lambda: kk.export(model, spec, tmp_path / "m", examples=table),
    ):
        with pytest.raises(ArgumentError, match=r"has other weights .* Call kk\.calibrate again"):
            call()
    assert not (tmp_path / "m").exists()


@pytest.mark.export
@pytest.mark.parametrize("case", sorted(CALIBRATIONS))
def test_an_export_answers_what_predict_answers(case, tmp_path):
    model, spec, table = made(case)
    path = kk.export(model, spec, tmp_path / "m", examples=table, verify=False)
    served = kk.load_served(path)(dict(table.features))
    answer = kk.predict(model, dict(table.features), spec)
    assert list(served) == list(answer)
    for name, values in answer.items():
        assert np.array_equal(served[name], values), name
    manifest = json.loads((path / MANIFEST).read_text())
    assert manifest["calibration"]["coverage"] == 0.8
    row = manifest["signatures"]["serving_default"]["example"]["response"]["predictions"][0]
    assert set(row) == set(answer)
    report = run_checks(path)
    assert report.ok, report


@pytest.mark.export
@pytest.mark.parametrize("case", ["multiclass", "regression", "channels"])
def test_planted_another_calibration_is_not_published(case, tmp_path, monkeypatch):
    """The golden sample is by NumPy: a wrong constant in the graph shows."""
    from kerakit.builders import answering

    model, spec, table = made(case)
    name = "_intervals" if calibration_of(model).intervals is not None else "_probabilities"
    honest = getattr(answering, name)
    monkeypatch.setattr(answering, name, lambda answer, *more: 1.001 * honest(answer, *more))
    with pytest.raises(kk.ExportError, match="'golden sample' failed"):
        kk.export(model, spec, tmp_path / "m", examples=table)
    assert not list(tmp_path.iterdir())


def test_a_set_may_differ_at_the_threshold_alone():
    rule = {"threshold": 0.7, "penalty": 0.0, "free": 1}
    manifest = {
        "classes": ["a", "b", "c"],
        "tolerance": {"probabilities": {"absolute": 1e-5, "relative": 0.0}},
        "calibration": {"probabilities": {"sets": rule}},
    }
    want = {
        "probabilities": np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1]]),
        "set": np.array([["a", "b", ""], ["a", "b", ""]], object),
    }
    have = {**want, "set": np.array([["a", "", ""], ["a", "b", ""]], object)}
    compare(manifest, have, want)  # 0.7 is at the threshold
    have["set"] = np.array([["a", "b", ""], ["a", "", ""]], object)
    with pytest.raises(Exception, match="set, row 1"):
        compare(manifest, have, want)


def test_the_columns_of_calibrated_answers():
    spec = make_spec("binary")
    answer = {
        "label": np.array(["yes"], object),
        "confidence": np.array([0.6]),
        "probabilities": np.array([[0.4, 0.6]]),
        "set": np.array([["no", "yes"]], object),
    }
    columns = answer_columns(answer, spec)
    assert list(columns) == ["label", "confidence", "set", "probability_no", "probability_yes"]
    assert columns["set"] == ["no;yes"]
    _, spec, _ = make_case("channels")
    steps = np.arange(6.0).reshape(1, 3, 2)
    columns = answer_columns({"forecast": steps, "lower": steps - 1, "upper": steps + 1}, spec)
    assert columns["lower_price_3"].tolist() == [4.0] and columns["upper_load_1"].tolist() == [1.0]
