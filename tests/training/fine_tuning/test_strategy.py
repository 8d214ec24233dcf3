"""Which stages are trained, in which order, and which of them are kept."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import ttest_rel

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.training.fine_tuning.score import Score
from kerakit.training.fine_tuning.stage import StageResult
from kerakit.training.fine_tuning.strategy import goes_deeper, is_kept


def outcome(stage, kept=True, val_accuracy=0.5):
    return StageResult(stage, 1, val_accuracy=val_accuracy, kept=kept)


@pytest.mark.parametrize(
    ("stage", "done", "rows", "expected"),
    [
        ("last_blocks", [outcome("head", val_accuracy=0.99)], 50, True),
        ("full", [outcome("head"), outcome("last_blocks", kept=False)], 10**6, False),
        ("full", [outcome("head", val_accuracy=0.86), outcome("last_blocks")], 999, False),
        ("full", [outcome("head", val_accuracy=0.86), outcome("last_blocks")], 1000, True),
        ("full", [outcome("head", val_accuracy=0.84), outcome("last_blocks")], 50, True),
        ("last_blocks", [outcome("head", val_accuracy=None)], 10**6, False),
        # It is the probe that tells whether the images are like ImageNet's, not what came after.
        ("full", [outcome("head", val_accuracy=0.84), outcome("last_blocks", True, 1.0)], 50, True),
    ],
)
def test_auto_goes_deeper_while_it_pays(stage, done, rows, expected):
    answer, reason = goes_deeper(stage, done, rows)
    assert answer is expected and bool(reason) is not expected


@pytest.mark.parametrize(
    ("strategy", "solved", "fall", "error", "expected"),
    [
        ("auto", True, 0.03, 0.014, True),
        ("auto", True, 0.03, 0.016, False),
        ("auto", True, -0.03, 0.001, False),
        ("auto", True, 0.03, float("nan"), False),  # of a single row nothing is known
        ("auto", False, 0.03, 0.5, True),
        ("auto", False, 0.03, float("nan"), True),
        ("auto", False, -0.03, 0.001, False),
        ("full", True, 0.03, 0.5, True),
        ("last_blocks", True, 0.0, 0.0, False),
    ],
)
def test_auto_asks_for_more_against_a_head_that_learns_on(strategy, solved, fall, error, expected):
    best = dataclasses.replace(outcome("head"), C=0.1 if solved else None)
    assert is_kept(strategy, best, fall, error) is expected


def test_the_fall_of_the_loss_is_a_paired_test():
    rng = np.random.default_rng(0)
    one, other = rng.exponential(0.3, (2, 40))
    scores = [Score(losses, losses < 0.5, np.full(40, 1 / 40)) for losses in (one, other)]
    fall, error = scores[1].fall_from(scores[0])
    paired = ttest_rel(one, other)
    assert fall == pytest.approx(np.mean(one) - np.mean(other))
    assert fall / error == pytest.approx(paired.statistic)
    # Rows that weigh nothing are as good as absent.
    weight = np.repeat([1 / 30, 0], [30, 10])
    weighted = [dataclasses.replace(score, weight=weight) for score in scores]
    fall, error = weighted[1].fall_from(weighted[0])
    assert fall / error == pytest.approx(ttest_rel(one[:30], other[:30]).statistic)
    single = [Score(np.array([loss]), np.array([True]), np.ones(1)) for loss in (0.5, 0.2)]
    fall, error = single[1].fall_from(single[0])
    assert fall == pytest.approx(0.3) and np.isnan(error)


@pytest.mark.slow
@pytest.mark.training
def test_auto_undoes_what_a_strategy_by_name_keeps(shapes, make_pretrained, capsys):
    """The loss of one image, which is trained on as well, falls; that may be chance."""
    train = shapes.table("train")
    spec = dataclasses.replace(shapes.spec, sizes={"train": 60, "validation": 1, "test": 12})
    data = Data(train, train.take(slice(0, 1)), shapes.table("test"), spec)
    kept, weights = {}, {}
    for strategy in ("head", "last_blocks", "auto"):
        model = make_pretrained(data)
        kk.compile(model, "fine_tuning", learning_rate=1e-3)
        options = {"epochs": 2, "augment": "none", "early_stopping": False, "verbose": 2}
        history = kk.fine_tune(model, data, strategy=strategy, **options)
        kept[strategy] = [(stage["stage"], stage["kept"]) for stage in history.stages]
        weights[strategy] = model.get_weights()
    head, last = history.stages
    assert "fall" not in head and last["standard_error"] is None
    assert last["fall"] == pytest.approx(head["val_loss"] - last["val_loss"], abs=1e-6)
    assert last["fall"] > 0.01
    assert kept["last_blocks"] == [("head", True), ("last_blocks", True)]
    assert kept["auto"] == [("head", True), ("last_blocks", False)]
    for one, other in zip(weights["auto"], weights["head"], strict=True):
        np.testing.assert_array_equal(one, other)
    told = f"lower by {last['fall']:.2g} "
    lines = [line for line in capsys.readouterr().out.splitlines() if told in line]
    assert len(lines) == 2 and lines[1].endswith("not kept: that may be chance)")
    assert "not kept" not in lines[0]


@pytest.mark.slow
@pytest.mark.training
def test_auto_without_validation_rows_stays_with_the_head(all_shapes, make_pretrained):
    """Nothing tells whether more would help."""
    history = kk.fine_tune(make_pretrained(all_shapes), all_shapes, verbose=0)
    (head,) = history.stages
    assert head["stage"] == "head" and head["kept"] and head["val_loss"] is None


@pytest.mark.training
@pytest.mark.slow
def test_auto_trains_everything_where_the_probe_is_often_wrong(shapes, make_pretrained, capsys):
    """Every image is there twice, and 20 of 60 with two labels: 1/6 must be wrong."""
    table = shapes.table("train")
    other = table.target.copy()
    other[:20] = (other[:20] + 1) % 3
    images = np.concatenate([table.features["image"]] * 2)
    table = Table({"image": images}, np.concatenate([table.target, other]))
    sizes = {"train": 120, "validation": 120, "test": 120}
    data = Data(table, table, table, dataclasses.replace(shapes.spec, sizes=sizes))
    model = make_pretrained(data)
    kk.compile(model, "fine_tuning", learning_rate=1e-3)
    options = {"epochs": 2, "augment": "none", "early_stopping": False, "verbose": 2}
    history = kk.fine_tune(model, data, **options)
    head, last, full = history.stages
    assert [stage["stage"] for stage in history.stages] == ["head", "last_blocks", "full"]
    assert [stage["epochs"] for stage in history.stages] == [1, 2, 2]
    assert head["val_accuracy"] <= 5 / 6 and last["kept"]
    assert last["val_loss"] < head["val_loss"] and "refitted" not in head
    assert full["kept"] is (full["val_loss"] < last["val_loss"])
    lines = capsys.readouterr().out.splitlines()
    told = [line.split(":")[0] for line in lines if "val_accuracy" in line and "CPU" in line]
    assert told == ["head", "last_blocks", "full"]


@pytest.mark.training
@pytest.mark.slow
def test_auto_stops_where_the_last_stage_does_not_pay(shapes, make_pretrained, capsys):
    weights = []
    for strategy in ("head", "auto"):
        model = make_pretrained(shapes)
        kk.compile(model, "fine_tuning", learning_rate=0.3)
        options = {"epochs": 2, "augment": "none", "verbose": 2}
        history = kk.fine_tune(model, shapes, strategy=strategy, **options)
        weights.append(model.get_weights())
    assert [stage["stage"] for stage in history.stages] == ["head", "last_blocks"]
    assert [stage["kept"] for stage in history.stages] == [True, False]
    assert "full: left out (last_blocks did not lower the validation loss enough)" in (
        capsys.readouterr().out
    )
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.training
def test_a_backbone_whose_stages_are_unknown_trains_as_a_whole(shapes, make_model, tmp_path):
    history = kk.fine_tune(make_model(shapes.spec), shapes, epochs=1, verbose=0)
    assert [stage["stage"] for stage in history.stages] == ["head", "full"]
    with pytest.raises(kk.ArgumentError, match="strategy='last_blocks'.*'full'"):
        kk.fine_tune(
            make_model(shapes.spec),
            shapes,
            strategy="last_blocks",
            run_dir=tmp_path / "run",
            verbose=0,
        )
    assert not (tmp_path / "run").exists()
