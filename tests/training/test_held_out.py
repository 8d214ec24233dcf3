"""The answers that `fit` keeps of rows that the weights were not fitted to."""

import keras
import numpy as np
import pytest
from member_cases import made, scores_left_out
from trained_sequences import forecaster, reader, texts, windows

import kerakit as kk
from kerakit.builders.contract import members_of, network_of, weights_number
from kerakit.errors import DataError
from kerakit.training.held_out import FILE, held_out_of


def table(rows=80, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return kk.load_arrays({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2]}, x @ [1, 2, 3] + x[:, 0] ** 2)


@pytest.mark.training
def test_members_answer_the_rows_that_they_left_out():
    """The blend of the scores of the member that left a row out, by the layers themselves."""
    data = table()
    model = made(data, kk.mlp_regressor)
    kk.fit(model, data, epochs=3, verbose=0)
    kept = held_out_of(model)
    assert kept.splits == ("train", "validation")
    weights = members_of(model).blend.kernel.numpy()[:, 0]
    scores = sum(
        weight * scores_left_out(model, data, part) for part, weight in enumerate(weights) if weight
    )
    network = network_of(model)
    answer = keras.Model(members_of(model).mean.output, network.output)(scores)
    np.testing.assert_allclose(kept.answers.ravel(), np.ravel(answer), rtol=1e-4, atol=1e-4)
    target = np.concatenate([data.table(split).target for split in kept.splits])
    loss = np.mean((kept.answers.ravel() - target) ** 2) / data.spec.target.variance[0]
    assert loss == pytest.approx(model.history.validation_loss, rel=1e-4)


@pytest.mark.training
def test_least_squares_answers_the_validation_rows_by_the_training_rows():
    data = table()
    model = kk.linear_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    train, validation = (data.table(split) for split in ("train", "validation"))
    x, new = (np.column_stack([*t.features.values(), np.ones(len(t))]) for t in (train, validation))
    solution, *_ = np.linalg.lstsq(x.astype("float64"), train.target, rcond=None)
    kept = held_out_of(model)
    assert kept.splits == ("validation",)
    np.testing.assert_allclose(kept.answers.ravel(), new @ solution, rtol=1e-4, atol=1e-4)
    seen = model.predict(validation.features, verbose=0)  # of all rows: something else
    assert np.abs(seen.ravel() - kept.answers.ravel()).max() > 1e-3


@pytest.mark.training
def test_texts_are_answered_by_what_was_solved_without_them(monkeypatch):
    """The loss of the answers is the validation loss of the blend, before the last solution."""
    data = texts()
    model = reader(data)
    kk.fit(model, data, epochs=2, verbose=0)
    kept, y = held_out_of(model), data.table("validation").target
    assert kept.splits == ("validation",)
    loss = -np.log(kept.answers[np.arange(len(y)), y]).mean()
    assert loss == pytest.approx(model.history.validation_loss, rel=1e-4)


@pytest.mark.training
def test_a_forecaster_keeps_nothing_because_validation_windows_stay_unseen():
    data = windows()
    model = forecaster(data)
    kk.fit(model, data, epochs=1, verbose=0)
    assert held_out_of(model) is None


@pytest.mark.training
@pytest.mark.parametrize("members", [3, None], ids=["members", "solved"])
def test_the_folder_of_a_run_has_them_for_another_process(members, tmp_path):
    data = table()

    def model():
        if members is None:
            one = kk.linear_regressor(data)
            kk.compile(one)
            return one
        return made(data, kk.mlp_regressor)

    first = model()
    kk.fit(first, data, epochs=2, run_dir=tmp_path, verbose=0)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert held_out_of(loaded) is None
    assert np.array_equal(held_out_of(loaded, tmp_path).answers, held_out_of(first).answers)
    again = model()  # the run had finished: it gives back its result
    kk.fit(again, data, epochs=2, run_dir=tmp_path, verbose=0)
    assert np.array_equal(held_out_of(again).answers, held_out_of(first).answers)
    kernel = network_of(loaded).trainable_weights[0]
    kernel.assign(kernel + 1)
    assert held_out_of(loaded, tmp_path) is None  # they belong to other weights


@pytest.mark.training
def test_a_broken_file_is_one_error(tmp_path):
    data = table()
    model = kk.linear_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, run_dir=tmp_path, verbose=0)
    whole = (tmp_path / FILE).read_bytes()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for content in (b"", whole[: len(whole) // 2], b"no archive"):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(DataError, match=r"held_out\.npz cannot be read.*resume=False"):
            held_out_of(loaded, tmp_path)


def test_the_number_of_weights_changes_with_any_weight():
    model = kk.linear_regressor(2)
    before = weights_number(model)
    assert before == weights_number(model)
    for weight in network_of(model).weights:
        weight.assign(weight + 1e-3)
        assert weights_number(model) != before
        before = weights_number(model)
