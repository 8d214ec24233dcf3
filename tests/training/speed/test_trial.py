"""What a trial chooses, that it leaves no trace, and that a run keeps its choice."""

import keras
import numpy as np
import pytest
from marks import needs
from training_cases import cnn, picture_data

import kerakit as kk
from kerakit.keras_compat import layers_of
from kerakit.training.runs.checkpoint import recorded_identity
from kerakit.training.speed import choice_of_run as choice_module
from kerakit.training.speed import trial as throughput
from kerakit.training.speed.cache import MAX_ENTRIES, key_of, machine, recall, remember
from kerakit.training.speed.candidates import Choice
from kerakit.training.speed.cost import CPU_RATE, estimated_seconds, pays_to_measure
from kerakit.training.speed.trial import Outcome, Trial, choose

FLOAT, HALF = Choice(), Choice("mixed_bfloat16")


@pytest.fixture(scope="module")
@needs("training")
def runner():
    from kerakit.training.options import FitOptions
    from kerakit.training.runner import Runner

    data = picture_data()
    model = cnn(data.spec)
    kk.compile(model, "multiclass")
    return Runner(model, data, FitOptions(owner="fit", batch_size=32, epochs=3, augment="strong"))


def trial_of(runner):
    return Trial(runner.model, runner, 1e-3, seconds=1.0)


@pytest.fixture(scope="module")
def outcomes(runner):
    """A real trial of both precisions."""
    return throughput.measure(trial_of(runner), [FLOAT, HALF])


def with_times(monkeypatch, seconds, losses=None, outcomes=None):
    """Real trials (or a real one from before), with known times in place of the clock's."""
    real = throughput.measure

    def measured(trial, choices):
        found = outcomes or real(trial, choices)
        assert list(found) == choices
        return {
            choice: Outcome(read, (losses or {}).get(choice, outcome.loss), outcome.updates)
            for (choice, outcome), read in zip(found.items(), seconds, strict=True)
        }

    monkeypatch.setattr(throughput, "measure", measured)


@pytest.mark.slow
def test_a_trial_leaves_everything_as_it_was(runner):
    model = runner.model
    trainer = runner.trainer()
    variables = [*trainer.variables, *model.optimizer.variables, *model.weights]
    held = [variable.numpy().copy() for variable in variables]
    policies = [layer.compute_dtype for layer in layers_of(model)]
    seen, real = [], throughput.traced_run

    def traced(trial, choice, batches):
        run = real(trial, choice, batches)

        def counted():
            answer = run()
            now = [variable.numpy() for variable in variables]
            seen.append(sum(not np.array_equal(a, b) for a, b in zip(held, now, strict=True)))
            return answer

        return counted

    throughput.traced_run = traced
    try:
        choose(trial_of(runner), [FLOAT, HALF])
    finally:
        throughput.traced_run = real
    assert len(seen) >= 4 and min(seen) > 10  # it did train in between
    for before, variable in zip(held, variables, strict=True):
        np.testing.assert_array_equal(before, variable.numpy(), err_msg=variable.path)
    assert [layer.compute_dtype for layer in layers_of(model)] == policies


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [((1.0, 0.5), HALF), ((1.0, 0.94), HALF), ((1.0, 0.96), FLOAT), ((1.0, 1.5), FLOAT)],
)
def test_float32_unless_another_is_faster_by_five_per_cent(
    runner, outcomes, monkeypatch, seconds, expected
):
    with_times(monkeypatch, seconds, outcomes=outcomes)
    found, reason = choose(trial_of(runner), [FLOAT, HALF])
    assert found == expected
    assert f"{max(1 / seconds[1], seconds[1]):.2g}"[:3] in reason


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 5.0])
def test_what_trains_otherwise_is_not_chosen(runner, outcomes, monkeypatch, loss):
    with_times(monkeypatch, (1.0, 0.1), {HALF: loss}, outcomes)
    found, reason = choose(trial_of(runner), [FLOAT, HALF])
    assert found == FLOAT and "does not train the same" in reason


def test_what_cannot_run_is_not_chosen(runner):
    """Nothing computes in a precision that does not exist."""
    broken = Choice("mixed_nothing")
    found, reason = choose(trial_of(runner), [FLOAT, broken])
    assert found == FLOAT and "mixed_nothing does not run" in reason


def test_both_precisions_train_alike(outcomes):
    assert min(outcome.seconds for outcome in outcomes.values()) > 0
    half, full = outcomes[HALF].loss, outcomes[FLOAT].loss
    assert full != half == pytest.approx(full, rel=0.1)


def test_a_choice_takes_the_median_of_its_steps(runner, monkeypatch):
    """Of both turns: a single slow step does not count."""
    read = {FLOAT: iter([[1.0, 9.0], [2.0, 3.0]]), HALF: iter([[0.5, 0.5], [0.75, 99.0]])}
    monkeypatch.setattr(
        throughput, "traced_run", lambda trial, choice, batches: lambda: (1.0, next(read[choice]))
    )
    trial = Trial(runner.model, runner, None, seconds=0.0)  # too short for more than two turns
    found = throughput.measure(trial, [FLOAT, HALF])
    assert {choice: outcome.seconds for choice, outcome in found.items()} == {
        FLOAT: 2.5,
        HALF: 0.625,
    }


@pytest.mark.slow
def test_xla_compiles_the_step_of_images(runner, outcomes):
    xla = Choice("float32", xla=True)
    found = throughput.measure(trial_of(runner), [xla])
    assert found[xla].loss == pytest.approx(outcomes[FLOAT].loss, rel=0.05)


def test_choices_are_read_as_they_are_written():
    xla = Choice("float32", xla=True)
    assert Choice.parse(str(xla)) == xla and Choice.parse(str(HALF)) == HALF


def test_work_is_counted_as_by_hand(pictures, small_cnn):
    model = small_cnn(pictures().spec)
    convolutions = 12 * 12 * (3 * 3 * 3 * 8) + 4 * 4 * (3 * 3 * 8 * 8)
    work = convolutions + 4 * 4 * 8 * 3
    per_row = 3 * work / CPU_RATE
    assert estimated_seconds(model, 1000) == pytest.approx(1000 * per_row, rel=1e-6)


@pytest.mark.training
def test_short_trainings_are_not_measured(pictures, small_cnn, capsys):
    model = small_cnn(pictures().spec)
    assert not pays_to_measure(model, [FLOAT, HALF], 32, seconds=1.0, steps=100)
    assert pays_to_measure(model, [FLOAT, HALF], 32, seconds=1000.0, steps=10_000)
    assert not pays_to_measure(model, [FLOAT], 32, seconds=1000.0, steps=10_000)
    data = pictures()
    kk.compile(model, "multiclass")
    kk.fit(model, data, epochs=1, verbose=2)
    assert "precision" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.training
def test_a_run_says_keeps_and_remembers_its_choice(
    pictures, small_cnn, tmp_path, monkeypatch, capsys, own_cache
):
    monkeypatch.setattr(choice_module, "pays_to_measure", lambda *_: True)
    monkeypatch.setattr(choice_module, "candidates", lambda *_: [FLOAT, HALF])
    with_times(monkeypatch, (1.0, 0.4))

    def run(epochs, **options):
        data = pictures()
        model = small_cnn(data.spec)
        kk.compile(model, "adam")
        kk.fit(model, data, epochs=epochs, early_stopping=False, verbose=2, **options)
        lines = capsys.readouterr().out.splitlines()
        return model, [line for line in lines if line.startswith("precision")]

    whole, lines = run(4)
    assert len(lines) == 1
    assert lines[0].startswith("precision: mixed_bfloat16 (float32 takes 2.5 times its")
    _, lines = run(2, run_dir=tmp_path)
    assert lines[0].endswith("; measured before)")
    assert recorded_identity(tmp_path / "checkpoint.npz")["precision"] == "mixed_bfloat16"
    # Neither measured again nor looked up: another answer would now be found.
    (own_cache / "kerakit" / "throughput.json").unlink()
    with_times(monkeypatch, (1.0, 4.0))
    resumed, lines = run(4, run_dir=tmp_path)
    assert lines == [] and not (own_cache / "kerakit" / "throughput.json").exists()
    asked, lines = run(4, precision="mixed_bfloat16")
    assert lines == []
    for one, two, three in zip(whole.weights, resumed.weights, asked.weights, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    with pytest.raises(kk.RunError, match="its precision is"):
        run(4, run_dir=tmp_path, precision="float32")


def test_the_cache_is_of_the_machine_and_the_model(own_cache):
    assert key_of(a=1, b="x") == key_of(b="x", a=1) != key_of(a=2, b="x")
    remember("k", {"choice": "float32"})
    assert recall("k") == {"choice": "float32"} and recall("other") is None
    for number in range(MAX_ENTRIES + 5):
        remember(f"n{number}", {"choice": "float32"})
    assert recall("k") is None and recall(f"n{MAX_ENTRIES + 4}") and recall("n4") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"k": 3}', b"\xff\xfe"])
def test_a_broken_cache_holds_nothing(own_cache, content):
    file = own_cache / "kerakit" / "throughput.json"
    file.parent.mkdir()
    file.write_bytes(content)
    assert recall("k") is None
    remember("k", {"choice": "float32"})
    assert recall("k") == {"choice": "float32"}


def test_a_cache_that_cannot_be_written_is_ignored(own_cache):
    (own_cache / "kerakit").write_text("a file stands where the folder would be")
    remember("k", {"choice": "float32"})
    assert recall("k") is None


@pytest.mark.slow
def test_an_unknown_choice_in_the_cache_is_measured_again(runner):
    key = {"model": "m"}
    choose(trial_of(runner), [FLOAT], key)
    name = key_of(machine=machine(), **key)
    remember(name, {"choice": "mixed_float64", "reason": "?"})
    assert choose(trial_of(runner), [FLOAT], key)[0] == FLOAT
    assert recall(name)["choice"] == "float32"


@pytest.mark.training
def test_tables_keep_their_rule(diabetes, capsys, monkeypatch):
    monkeypatch.setattr(choice_module, "pays_to_measure", lambda *_: True)
    model = kk.mlp_regressor(diabetes.spec, hidden=(8,))
    kk.compile(model, "regression")
    kk.fit(model, diabetes, epochs=1, verbose=2)
    assert "precision" not in capsys.readouterr().out
    assert keras.config.dtype_policy().name == "float32"
