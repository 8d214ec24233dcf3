"""`predict` answers as the served model does, whatever the form of the rows."""

import keras
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from marks import first
from sequence_cases import SEQUENCE_CASES
from serving_cases import CASES, make_model, make_spec, make_table

import kerakit as kk
from kerakit.builders import mlp_classifier, mlp_regressor, sequence_forecaster
from kerakit.builders.contract import spec_of
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError, DataError
from kerakit.serving import export, load_served, predict


def check_parity(model, spec, table, path):
    """`predict`, `load_served` and the signature answer alike, to the last bit."""
    import tensorflow as tf

    features = {name: np.asarray(column) for name, column in table.features.items()}
    served = load_served(path)
    signature = served._loaded.signatures["serving_default"]
    expected = signature(**{name: tf.constant(values) for name, values in features.items()})
    expected = {name: tensor.numpy() for name, tensor in expected.items()}
    for answer in (predict(model, table, spec), served(features)):
        assert answer.keys() == expected.keys()
        for name, values in answer.items():
            if values.dtype == object:
                assert [str(v).encode() for v in values.flat] == expected[name].ravel().tolist()
            else:
                assert values.dtype == np.float32
                np.testing.assert_array_equal(values, expected[name])


@pytest.mark.many
@pytest.mark.parametrize("case", CASES)
def test_predict_is_what_the_server_answers(models, exports, case):
    spec = make_spec(case)
    check_parity(models[case], spec, make_table(spec), exports[case])


@pytest.mark.parametrize("case", first(2, SEQUENCE_CASES))
def test_predict_is_what_the_server_answers_to_sequences(sequences, sequence_exports, case):
    check_parity(*sequences[case], sequence_exports[case])


COLUMNS = {
    "fixed acidity": [7.0, None, 9.5],
    "alcohol": [9.0, 11.0, 12.0],
    "kind": ["red", None, "white"],
}
PANDAS = pd.DataFrame({**COLUMNS, "other": [object()] * 3}, index=["p", "q", "r"])
NULLABLE = PANDAS.convert_dtypes().astype({"alcohol": "Int64", "kind": "category"})


FRAMES = {
    "regression": ["prediction"],
    "quantiles": ["prediction", "lower", "upper"],
    "targets": ["prediction_quality", "prediction_price"],
    "binary": ["label", "confidence", "probability_no", "probability_yes"],
    "multilabel": ["labels", "probability_red", "probability_green", "probability_blue"],
}


@pytest.mark.many
@pytest.mark.parametrize("case", FRAMES)
def test_a_frame_gives_a_frame_of_its_library(models, case):
    model, spec = models[case], make_spec(case)
    answer = predict(model, COLUMNS, spec)
    if case == "multilabel":
        answer["labels"] = np.array([";".join(filter(None, row)) for row in answer["labels"]])
    frame = predict(model, PANDAS, spec)
    assert list(frame.columns) == FRAMES[case]
    assert frame.index.tolist() == ["p", "q", "r"]
    values = [row for array in answer.values() for row in array.reshape(3, -1).T.tolist()]
    assert [frame[name].tolist() for name in frame] == values
    assert predict(model, NULLABLE, spec).equals(frame)
    table = pa.table(COLUMNS)
    for other in (pl.DataFrame(COLUMNS), table, table.to_batches()[0]):
        same = predict(model, other, spec)
        assert isinstance(same, pl.DataFrame if isinstance(other, pl.DataFrame) else pa.Table)
        assert pa.table(same).to_pydict() == frame.to_dict("list")


@pytest.mark.many
def test_served_takes_and_gives_frames(models, exports):
    served = load_served(exports["binary"])
    expected = predict(models["binary"], PANDAS, make_spec("binary"))
    pd.testing.assert_frame_equal(served(PANDAS), expected)
    assert served(pl.DataFrame(COLUMNS))["label"].to_list() == expected["label"].tolist()


ROW = {"acidity": 7.0, "alcohol": 9, "kind": "red"}


@pytest.mark.many
@pytest.mark.parametrize(
    "rows",
    [
        ROW,
        {"fixed acidity": np.float32(7), "alcohol": np.array(9), "kind": "red"},
        [ROW],
        pd.Series(ROW),
        pd.DataFrame([ROW]).iloc[0],
    ],
)
def test_one_row_of_scalars_gives_arrays_of_one_row(models, rows):
    model, spec = models["targets"], make_spec("targets")
    answer = predict(model, rows, spec)["prediction"]
    columns = {name: [value] for name, value in ROW.items()}
    np.testing.assert_array_equal(answer, predict(model, columns, spec)["prediction"])
    assert answer.shape == (1, 2)


@pytest.fixture(scope="module")
def kinds():
    """A model of a flag, a code that is a whole number, a code that is a flag, and a size."""
    count = 80
    frame = pd.DataFrame(
        {
            "open": np.arange(count) % 2 == 0,
            "shop": np.arange(count) % 5,
            "new": np.arange(count) % 3 == 0,
            "size": np.arange(count) / 7,
            "y": np.arange(count) % 11 + 0.5,
        }
    )
    types = {"shop": "categorical", "new": "categorical"}
    data = kk.load_arrays(frame, "y", column_types=types)
    keras.utils.set_random_seed(1)
    return mlp_regressor(data, hidden=(8,), embedding=None), data


SAME = {
    "as trained": {"open": [True, False], "shop": [3, 4], "new": [True, False]},
    "floats": {"open": [1.0, 0.0], "shop": [3.0, 4.0], "new": [True, False]},
    "texts": {"open": ["True", "FALSE"], "shop": ["3", "4.0"], "new": ["True", "false"]},
    "arrays": {
        "open": np.array([1, 0], "uint8"),
        "shop": np.array([3, 4], "float32"),
        "new": np.array([True, False]),
    },
    "objects": {"open": [True, "false"], "shop": [3, "4"], "new": ["TRUE", False]},
}


@pytest.mark.many
@pytest.mark.parametrize("written", SAME)
def test_a_value_is_the_same_value_however_it_is_written(kinds, written):
    model, _ = kinds
    size = [0.5, np.nan]
    expected = predict(model, {**SAME["as trained"], "size": size})["prediction"]
    assert expected[0] != expected[1]
    columns = {**SAME[written], "size": size}
    np.testing.assert_array_equal(predict(model, columns)["prediction"], expected)
    frame = pd.DataFrame({name: pd.Series(list(v)) for name, v in columns.items()})
    np.testing.assert_array_equal(predict(model, frame)["prediction"], expected)
    if written not in ("objects",):
        np.testing.assert_array_equal(predict(model, pl.DataFrame(columns))["prediction"], expected)


def test_nulls_of_every_kind_are_one_value(kinds):
    model, _ = kinds
    row = {"open": None, "shop": None, "new": None, "size": None}
    expected = predict(model, row)["prediction"]
    nulls = (float("nan"), pd.NA, pd.NaT, np.float32("nan"))
    for null in nulls:
        same = dict.fromkeys(row, null)
        np.testing.assert_array_equal(predict(model, same)["prediction"], expected)
        frame = pd.DataFrame({name: [value] for name, value in same.items()})
        np.testing.assert_array_equal(predict(model, frame)["prediction"], expected)
    frame = frame.astype({"open": "boolean", "shop": "Int64", "new": "boolean", "size": "Float64"})
    np.testing.assert_array_equal(predict(model, frame)["prediction"], expected)


@pytest.mark.slow
@pytest.mark.export
def test_a_frame_that_trained_can_be_scored_as_a_file(kinds, tmp_path):
    model, data = kinds
    for layer in model.get_layer("network").layers:
        if layer.name == "output":
            layer.bias.assign([0.5])
    path = export(model, data, tmp_path / "m", verify=False)
    frame = pd.DataFrame({**SAME["as trained"], "size": [0.5, 1.5]})
    expected = load_served(path)(frame)
    pd.testing.assert_frame_equal(expected, predict(model, frame))
    for name in ("rows.csv", "rows.parquet"):
        getattr(frame, "to_" + name.partition(".")[2])(tmp_path / name, index=False)
        kk.serving.predict_csv(path, tmp_path / name, tmp_path / "out.csv")
        answer = pd.read_csv(tmp_path / "out.csv", dtype="float32")
        np.testing.assert_array_equal(answer, expected)


def test_a_model_that_was_built_from_data_knows_its_columns_and_classes(kinds):
    model, data = kinds
    assert spec_of(model) == data.spec
    test = data.table("test")
    expected = predict(model, test)["prediction"]
    for rows in (data, data.test, data.test.batch(3)):
        np.testing.assert_array_equal(predict(model, rows)["prediction"], expected)
    assert len(expected) == data.spec.sizes["test"]


@pytest.mark.many
def test_a_loaded_regressor_needs_no_names_and_a_classifier_does(kinds, models, tmp_path):
    model, data = kinds
    model.save(tmp_path / "r.keras")
    loaded = keras.models.load_model(tmp_path / "r.keras")
    assert spec_of(loaded) is None
    rows = {**SAME["as trained"], "size": [0.5, np.nan]}
    for answer in (predict(loaded, rows), predict(loaded, rows, data)):
        np.testing.assert_array_equal(answer["prediction"], predict(model, rows)["prediction"])
    renamed = kk.load_arrays({"a b": rows["size"] * 10, "2nd": [*range(20)]}, np.arange(20.0))
    model = mlp_regressor(renamed, hidden=(4,))
    model.save(tmp_path / "r.keras")
    loaded = keras.models.load_model(tmp_path / "r.keras")
    row = pd.DataFrame({"2nd": [1], "a b": [0.5]})
    pd.testing.assert_frame_equal(predict(loaded, row), predict(model, row))
    plain = mlp_classifier(3, classes=2)
    with pytest.raises(ArgumentError, match="predict does not know .*data=data"):
        predict(plain, np.zeros((1, 3)))
    with pytest.raises(ArgumentError, match="does not know"):
        predict(sequence_forecaster((8, 2), horizon=2), np.zeros((1, 8, 2)))
    with pytest.raises(DataError, match="predict does not match the data"):
        predict(mlp_regressor(3), {"a": [1]}, Spec("regression", (Feature("a"), Feature("b"))))


@pytest.mark.many
def test_a_plain_array_is_asked_by_arrays_and_by_frames_of_its_width():
    model = mlp_regressor(3, hidden=(4,))
    x = np.arange(12.0).reshape(4, 3)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(predict(model, x)["prediction"], expected, rtol=1e-6)
    np.testing.assert_allclose(predict(model, x.tolist())["prediction"], expected, rtol=1e-6)
    assert predict(model, x[0])["prediction"].shape == (1,)
    with pytest.warns(UserWarning, match="taken in their order: 'a', 'b', 'c'"):
        frame = predict(model, pd.DataFrame(x, columns=list("abc")))
    np.testing.assert_allclose(frame["prediction"], expected, rtol=1e-6)
    with pytest.raises(ArgumentError, match=r"predict: the column 'features' must have the shape"):
        predict(model, np.zeros((2, 4)))


def test_columns_that_pandas_numbers():
    x = np.arange(20.0).reshape(10, 2) % 7
    frame = pd.DataFrame(x)
    model = mlp_regressor(kk.load_arrays(frame, np.arange(10.0)), hidden=(4,))
    expected = predict(model, frame)["prediction"]
    for rows in (frame.to_dict("list"), frame.to_dict("records")):
        np.testing.assert_array_equal(predict(model, rows)["prediction"], expected)
    assert predict(model, frame.iloc[3])["prediction"].shape == (1,)
    masked = np.ma.array(x[:, 0], mask=[True] + [False] * 9)
    answer = predict(model, {"0": masked, "1": x[:, 1]})["prediction"]
    frame.loc[0, 0] = None
    np.testing.assert_array_equal(answer, predict(model, frame)["prediction"])
    assert answer[0] != expected[0]


def test_many_rows_are_answered_in_batches(kinds):
    model, _ = kinds
    rng = np.random.default_rng(0)
    rows = {
        "open": rng.integers(0, 2, 9000),
        "shop": rng.integers(0, 5, 9000),
        "new": rng.integers(0, 2, 9000).astype(bool),
        "size": rng.normal(size=9000),
    }
    answer = predict(model, rows)["prediction"]
    for part in (slice(0, 4096), slice(4096, 8192), slice(8192, None)):
        one = predict(model, {name: values[part] for name, values in rows.items()})["prediction"]
        np.testing.assert_array_equal(answer[part], one)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (PANDAS.drop(columns="alcohol"), r"predict: the columns \['alcohol'\] are missing"),
        (PANDAS.rename(columns={"alcohol": "alcool"}), "Did you mean 'alcool'"),
        (PANDAS.assign(alcohol=[1.0, np.inf, 2.0]), "row 1 .*, column 'alcohol': .*infinite"),
        (PANDAS.assign(alcohol=[1.0, "weak", 2.0]), "row 1 .*, column 'alcohol': 'weak' is not"),
        (
            PANDAS.assign(alcohol=pd.Timestamp(0)),
            "column 'alcohol' .*holds values of type timestamp",
        ),
        (PANDAS[["kind", "kind", "alcohol", "fixed acidity"]], "two columns have the name 'kind'"),
        ({**COLUMNS, "ash": [1.0] * 3}, r"predict: the model does not know the columns \['ash'\]"),
        ({**COLUMNS, "alcohol": [1.0]}, "predict: the columns must have one length"),
        ([ROW, {"acidity": 1.0}], "row 1 .* must be a dict with the keys of the first"),
        (np.zeros((2, 3)), "predict takes a dict of columns: acidity, alcohol, kind"),
        ("wine.csv", "predict takes a dict of columns"),
    ],
)
def test_rows_that_do_not_fit_are_refused(models, rows, message):
    with pytest.raises(ArgumentError, match=message) as error:
        predict(models["regression"], rows, make_spec("regression"))
    assert len(str(error.value)) <= 500


@pytest.mark.many
def test_predict_says_what_it_takes(models, exports):
    with pytest.raises(ArgumentError, match=r"'model' parameter of predict .*kk\.load_served"):
        predict(str(exports["binary"]), PANDAS)
    with pytest.raises(ArgumentError, match="'data' parameter of predict must be a Data or a Spec"):
        predict(models["binary"], PANDAS, PANDAS)
    with pytest.raises(DataError, match="The model of predict predicts an array of shape"):
        predict(models["binary"], PANDAS, make_spec("multiclass"))


@pytest.mark.many
def test_a_model_that_predicted_trains_saves_and_exports_as_before(tmp_path):
    spec = make_spec("regression")
    model, table = make_model("regression", spec), make_table(spec)
    before = predict(model, table, spec)["prediction"]
    path = export(model, spec, tmp_path / "m", examples=table, verify=False)
    np.testing.assert_array_equal(load_served(path)(table.features)["prediction"], before)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(predict(loaded, table, spec)["prediction"], before)
    weights = model.get_weights()
    model.set_weights([0 * weight for weight in weights])
    assert np.unique(predict(model, table, spec)["prediction"]).tolist() == [100.0]


@pytest.mark.many
@pytest.mark.training
def test_members_answer_as_their_export_and_by_their_present_weights(tmp_path):
    """Their answers come from copies of the weights."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype("float32")
    data = kk.load_arrays({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2]}, np.exp(x[:, 0] + x[:, 1]))
    model = kk.mlp_regressor(data, members=2, bins=2)
    kk.compile(model)
    before = predict(model, data)["prediction"]
    kk.fit(model, data, epochs=2, verbose=0)
    after = predict(model, data)["prediction"]
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_allclose(after, model.predict(data.table("test").features, verbose=0), 1e-4)
    path = kk.export(model, data, tmp_path / "members", verify=False)
    check_parity(model, data.spec, data.table("test"), path)
