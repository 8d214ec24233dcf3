"""The features that a model makes of dates."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerakit.builders import linear_regressor, mlp_classifier, polynomial_regressor
from kerakit.builders.tables.preprocessing import ColumnOptions, tabular_preprocess
from kerakit.data.columns.date_numbers import ISO_WIDTH, character_ids, iso_numbers
from kerakit.data.spec import Feature, Spec, Target
from kerakit.data.tables.date_features import describe_column
from kerakit.errors import ArgumentError

# A Monday and a Tuesday of two years, at two hours, and a missing date.
TRAIN = ["2023-01-02T06:00:00", "2024-01-02T18:00:00", ""]


def spec(*columns):
    features = (
        describe_column(name, np.array(values, object), name, "date") for name, values in columns
    )
    return Spec("regression", tuple(features), Target(("y",), None, (0.0,), (1.0,)))


def preprocessed(the_spec, **columns):
    _, preprocess, _ = tabular_preprocess(the_spec)
    return np.asarray(preprocess({n: tf.constant(values) for n, values in columns.items()}))


def test_features_computed_by_hand():
    rows = [*TRAIN, "2024-02-30", "2023-07-05T06:00:00"]
    days, year, gap, *one_hot = preprocessed(spec(("day", TRAIN)), day=rows).T
    # Days 0.25 and 365.75 since the first date, at 0 o'clock: mean 183, std 182.75. The month is
    # always January and has no feature.
    since = (2 + 28 + 31 + 30 + 31 + 30 + 31 + 1 + 0.25 - 183) / 182.75  # 2 January to 5 July
    assert days.tolist() == pytest.approx([-1, 1, 0, 0, since], abs=1e-6)
    assert year.tolist() == pytest.approx([-1, 1, 0, 0, -1])
    assert gap.tolist() == [0, 0, 1, 1, 0]
    monday, tuesday, six, eighteen = np.array(one_hot).tolist()
    assert monday == [1, 0, 0, 0, 0] and tuesday == [0, 1, 0, 0, 0]  # 5 July is a Wednesday
    assert six == [1, 0, 0, 0, 1] and eighteen == [0, 1, 0, 0, 0]


def test_a_date_far_away_counts_as_one_span_away():
    train = ["2022-01-01", "2023-01-01", "2024-01-01"]
    rows = ["2026-01-01", "2027-06-01", "9999-12-31", "0001-01-01"]
    days, year, *_ = preprocessed(spec(("day", train)), day=rows).T
    std = np.sqrt(((365 - 365) ** 2 + 365**2 + 365**2) / 3)
    assert days[0] == pytest.approx((1461 - 365) / std, rel=1e-5)
    assert days[1] == days[2] == pytest.approx((730 + 731 - 365) / std, rel=1e-3)
    assert days[3] == pytest.approx((-730 - 365) / std, rel=1e-5)
    assert year[1] == year[2] and np.abs(year).max() < 6


@pytest.mark.many
def test_several_dates_are_read_each_with_its_own_statistics():
    both = spec(("day", TRAIN), ("since", ["2020-01-01", "2020-03-01", "2020-02-01"]))
    rows = {"day": TRAIN, "since": ["2020-03-01", "", "2020-02-01"]}
    values = preprocessed(both, **rows)
    alone = [
        preprocessed(Spec("regression", (f,)), **{f.name: rows[f.name]}) for f in both.features
    ]
    assert sorted(map(tuple, values.T)) == sorted(map(tuple, np.concatenate(alone, axis=1).T))


def test_the_graph_reads_characters_as_numpy_does():
    texts = ["2024-02-29", "2023-02-29T10:00:00", "2024-05-03T23:59:59", "2024-05-03T", "soon", ""]
    texts += ["2024-05-03T12:30:00x", "２０２４-05-03", "1900-02-29", "9999-12-31", "0000-01-01"]
    inputs = keras.Input((ISO_WIDTH,), dtype="int32")
    read = iso_numbers(inputs, keras.ops)
    model = keras.Model(inputs, [read.valid, read.days, read.seconds, read.weekday, read.month])
    ids = character_ids(texts, ISO_WIDTH)
    found, wanted = model(ids), iso_numbers(ids)
    assert np.asarray(found[0]).tolist() == wanted.valid.tolist()
    for ours, numpys in zip(
        found[1:], (wanted.days, wanted.seconds, wanted.weekday, wanted.month), strict=True
    ):
        assert np.array_equal(np.asarray(ours)[wanted.valid], numpys[wanted.valid])


@pytest.mark.many
@pytest.mark.parametrize(
    "options", [ColumnOptions(bins=8), ColumnOptions(degree=2), ColumnOptions(embedding="auto")]
)
def test_all_forms_of_preprocessing_take_dates(options):
    _, preprocess, _ = tabular_preprocess(spec(("day", TRAIN)), options)
    values = np.asarray(preprocess({"day": tf.constant([*TRAIN, "soon"])}))
    assert np.isfinite(values).all()


def test_a_date_without_any_value_or_without_change_is_built():
    constant = spec(("day", ["2024-05-03"] * 3), ("never", [""] * 3))
    values = preprocessed(constant, day=["2024-05-03", "2030-01-01"], never=["", "2024-05-03"])
    assert np.isfinite(values).all() and np.abs(values).max() <= 1


def test_a_date_without_statistics_is_refused_in_one_line():
    with pytest.raises(ArgumentError, match="linear_regressor needs the statistics of the dates"):
        linear_regressor(Spec("regression", (Feature("day", "date", "string"),)))


@pytest.mark.many
def test_models_of_dates_are_saved_with_keras_own_layers(tmp_path):
    for build in (linear_regressor, polynomial_regressor):
        model = build(spec(("day", TRAIN)))
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        rows = {"day": tf.constant(["2023-05-03T06:00:00", "soon"])}
        assert np.array_equal(model(rows), again(rows))
    assert mlp_classifier(
        Spec("binary", spec(("day", TRAIN)).features, classes=("a", "b"), class_counts=(2, 1))
    ).output_shape == (None, 2)
