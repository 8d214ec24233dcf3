"""What a type checker has to know of the public API: `pyright` reads this file, nothing runs it."""

import pathlib
from typing import assert_type

import keras
import numpy as np
import tensorflow as tf

import kerakit as kk

data = kk.load_csv(pathlib.Path("wine.csv"), target="quality", column_types={"year": "categorical"})
assert_type(data, kk.Data)
assert_type(data.spec, kk.Spec)
assert_type(data.spec.features[0], kk.Feature)
assert_type(data.spec.sizes, dict[str, int])
train: tf.data.Dataset = data.train

for loaded in (
    kk.load_table("wine.parquet", target=["a", "b"], na_values=["?"], groups="id"),
    kk.load_arrays(np.zeros((3, 2)), np.zeros(3), test_size=0.1),
    kk.load_images("photos", image_size=64, pos_label="bees"),
    kk.load_text("mail.csv", rename_labels={"0": "ham"}),
    kk.load_tagged("words.conll"),
    kk.load_series("load.csv", value="load", horizon=24),
    kk.load_sequences("gestures.ts"),
    kk.load_tfds("titanic"),
    kk.load_builtin("iris"),
    kk.Data.from_tables(train=(np.zeros((3, 2)), np.zeros(3))),
):
    assert_type(loaded, kk.Data)

for model in (
    kk.linear_regressor(data),
    kk.polynomial_regressor(data, degree=3),
    kk.mlp_regressor(11, hidden=(64, 64), quantiles=(0.1, 0.5, 0.9)),
    kk.perceptron_classifier(data.spec),
    kk.logistic_classifier(data.spec, l2=0.1),
    kk.mlp_classifier(data.spec, activation="relu"),
    kk.cnn_classifier((28, 28, 1), classes=10, arch="resnet"),
    kk.sequence_forecaster(data, encoder="gru", quantiles=(0.1, 0.5, 0.9)),
    kk.sequence_classifier(data),
    kk.sequence_tagger(data),
    kk.text_classifier(data),
    kk.pretrained_classifier(data, backbone="MobileNetV2"),
    kk.load_backbone("MobileNetV2", weights=None),
):
    assert_type(model, keras.Model)

model = kk.mlp_regressor(data)
kk.compile(model)
kk.compile(model, "regression", learning_rate=1e-3, schedule="cosine")
kk.compile(model, kk.PRESETS["regression"])
preset: kk.Preset = kk.PRESETS["adam"]
assert_type(preset.batch_size_for(100), int)

rate: float | None = kk.find_learning_rate(model, data).valley
history: keras.callbacks.History = kk.fit(model, data, epochs=2, run_dir="runs/wine")
history = kk.fine_tune(model, data, strategy="head")
found = kk.tune(kk.mlp_regressor, data, trials=20, epochs=50, space={"dropout": (0.0, 0.5)})
assert_type(found, kk.TuneResult)
assert_type(found.model, keras.Model)
report = kk.evaluate(
    model, data, metrics={"median": lambda y, p: float(np.median(y - p))}, origins=4
)
assert_type(report, kk.Report)
assert_type(report.test["rmse"], float | None)  # None where a metric is undefined
path = kk.export(model, data, "saved_models/wine")
assert_type(path, pathlib.Path)
verified: bool = kk.verify(path).ok
answers = kk.load_served(path)({"alcohol": [9.4]})
prediction: np.ndarray = answers["prediction"]

try:
    kk.load_csv("wine.csv", target="quality", test_size=2.0)
except kk.DataError as error:
    assert_type(error, kk.DataError)

# Wrong calls are errors; pyright reports a comment that hides no error.
kk.load_csv("wine.csv", target="quality", kinds={})  # pyright: ignore[reportCallIssue]
kk.fit(model, data)  # pyright: ignore[reportCallIssue]
kk.tune(kk.mlp_regressor, data, trials=2)  # pyright: ignore[reportCallIssue]
kk.mlp_regressor(data, hidden="64")  # pyright: ignore[reportArgumentType]
kk.sequence_forecaster(data, encoder="lstn")  # pyright: ignore[reportArgumentType]
