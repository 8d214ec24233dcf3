"""Classifiers of texts and of series: their baselines, and the errors that they show."""

import re

import numpy as np
import pytest
from evaluation_cases import series_classifier, series_data, text_answers, text_data

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.evaluation import evaluate
from kerakit.evaluation.baselines.series import fit_series, resample
from kerakit.evaluation.baselines.texts import fit_texts, plain_texts

TEXTS = ["win a prize now", "free prize inside", "see you at home", "home at noon"] * 5
IDS = [1, 1, 0, 0] * 5


def test_the_surest_errors_are_in_the_report(tmp_path):
    long = "prize <script>alert(1)</script>  \n" + "x" * 400
    data = text_data(TEXTS, IDS, test=["home", long, "a prize", ""], test_ids=[0, 0, 1, 1])
    model = text_answers("prize", ([0.7, 0.3], [0.1, 0.9]))
    report = evaluate(model, data, run_dir=tmp_path)
    assert report.test["accuracy"] == 0.5
    assert list(report.baseline) == ["majority", "logistic"]
    assert [(row["row"], row["true"], row["confidence"]) for row in report.wrong] == [
        (1, "ham", "90.0 %"), (3, "spam", "70.0 %"),
    ]  # fmt: skip
    assert len(report.wrong[0]["text"]) == 300 and report.wrong[0]["text"].endswith("x…")
    page = report.path.read_text()
    assert "<h2>Wrong with high confidence</h2>" in page
    assert "prize &lt;script&gt;alert(1)&lt;/script&gt; x" in page and "<script>" not in page
    assert not evaluate(model, data).wrong  # without a report there is none to show


@pytest.mark.parametrize("classes", [2, 3])
def test_the_baseline_of_texts(classes):
    names = ("ham", "spam", "egg")[:classes]
    texts, ids = list(TEXTS), list(IDS)
    if classes == 3:
        texts, ids = texts + ["boil an egg"] * 5, ids + [2] * 5
    data = text_data(texts, ids, names)
    predict, note = fit_texts(data)
    p = predict({"text": np.array(["a free prize", "at home at noon", "boil eggs", ""], object)})
    assert p.shape == (4, classes) and np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p[:3].argmax(axis=1).tolist() == [1, 0, 2 if classes == 3 else p[2].argmax()]
    assert "C = 100 had the lowest log loss" in note and f"all {len(ids)} training" in note
    import tensorflow as tf

    same = predict({"text": tf.constant(["a free prize"])})
    np.testing.assert_allclose(same, p[:1], atol=1e-12)


def test_the_baseline_is_scikit_learns():
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    data = text_data(TEXTS, IDS)
    data = Data(data.table("train"), None, data.table("test"), data.spec)
    predict, note = fit_texts(data)
    assert "C = 10 as is usual without" in note
    parts = [
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"\b\w+\b"),
        TfidfVectorizer(sublinear_tf=True, ngram_range=(3, 5), analyzer="char"),
    ]
    x = hstack([part.fit_transform(TEXTS) for part in parts])
    model = LogisticRegression(C=10, solver="liblinear", dual=True, tol=1e-8).fit(x, IDS)
    new = ["free home", "prize at noon"]
    expected = model.predict_proba(hstack([part.transform(new) for part in parts]))
    np.testing.assert_allclose(predict({"text": np.array(new, object)}), expected, atol=2e-3)


def test_texts_that_no_baseline_can_be_fitted_to():
    assert fit_texts(text_data(["a", "b"], [0, 0]))[1].endswith("one class only.")
    predict, note = fit_texts(text_data(["", " "], [0, 1]))
    assert predict is None and note.endswith("no words.")
    two = Spec("binary", (Feature("text", "text", "string"), Feature("x")), classes=("a", "b"))
    assert "beside other features" in fit_texts(Data(None, None, None, two))[1]


def test_long_texts_are_sampled_and_it_is_said(monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.baselines.texts.MAX_CHARACTERS", 150)
    _, note = fit_texts(text_data(TEXTS, IDS))
    assert re.search(r"fitted on (8|9|10|11|12) of 20 texts, drawn with seed 1", note)


def test_texts_of_any_bytes():
    import tensorflow as tf

    assert plain_texts(tf.constant([b"\xff", "ü".encode()])) == ["\ufffd", "ü"]


@pytest.mark.slow
def test_real_texts(test_data):
    """The published ease of SMS spam: 0.988 accuracy, 0.955 F1 of spam."""
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split

    path = test_data / "text" / "sms_spam" / "SMSSpamCollection"
    rows = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    y = np.array([row[0] == "spam" for row in rows]).astype(int)
    parts = train_test_split([row[1] for row in rows], y, test_size=0.2, stratify=y, random_state=0)
    data = text_data(parts[0], parts[2], test=parts[1], test_ids=parts[3])
    predict, _ = fit_texts(data)
    label = predict({"text": np.array(parts[1], object)}).argmax(axis=1)
    assert np.mean(label == parts[3]) == pytest.approx(0.988, abs=0.002)
    assert f1_score(parts[3], label) == pytest.approx(0.954, abs=0.005)


def test_series_are_stretched_to_one_length():
    nan = np.nan
    rows = np.array([[0, nan, 4, nan], [1, 1, 1, 7], [nan, 3, nan, nan], [nan] * 4])
    expected = [[0, 1, 2, 3, 4], [1, 1, 1, 2.5, 7], [3] * 5, [nan] * 5]
    np.testing.assert_allclose(resample(rows, 5), expected)
    two = np.stack([rows[:1], rows[1:2]], axis=-1)  # the second channel makes it 4 steps long
    np.testing.assert_allclose(resample(two, 4), [[0, 2, 4, 4, 1, 1, 1, 7]])


@pytest.mark.parametrize("channels", [1, 2])
def test_the_baseline_of_series(channels, tmp_path):
    data = series_data(channels=channels)
    report = evaluate(series_classifier(channels), data, run_dir=tmp_path)
    assert list(report.baseline) == ["majority", "logistic"]
    assert report.baseline["logistic"]["accuracy"] == 1.0
    assert report.test["accuracy"] == 1.0 and "worst_errors" not in report.plots
    assert "stretched to 12 steps. It was fitted on all 40 training rows" in report.notes[0]
    streamed = Data(data.train, None, data.test, data.spec)
    predict, _ = fit_series(streamed)
    features = data.table("test").features
    np.testing.assert_allclose(predict(features), fit_series(data)[0](features), atol=1e-6)


def test_wrong_series_are_drawn(tmp_path, monkeypatch):
    import kerakit.evaluation.tasks.classification as classification

    data = series_data()
    flipped = Table(data.table("test").features, 1 - data.table("test").target)
    drawn, draw = [], classification.wrong_series
    monkeypatch.setattr(
        classification, "wrong_series", lambda *values: drawn.append(draw(*values)) or drawn[0]
    )
    report = evaluate(
        series_classifier(), Data(data.table("train"), None, flipped, data.spec), run_dir=tmp_path
    )
    assert "worst_errors" in report.plots and len(drawn[0].axes) == 9
    title = drawn[0].axes[0].get_title(loc="left")
    row = int(title.rsplit(" ", 1)[1])
    series = flipped.features["series"][row]
    np.testing.assert_array_equal(
        drawn[0].axes[0].lines[0].get_ydata(), series[: len(np.trim_zeros(~np.isnan(series), "b"))]
    )
    assert title.startswith(f"{('falls', 'rises')[flipped.target[row]]}, taken for ")
    assert "figure:not(.photos)" in report.path.read_text()


def test_more_series_than_are_fitted(monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.baselines.series.MAX_ROWS", 24)
    assert "24 of 40 training rows" in fit_series(series_data())[1]
    monkeypatch.setattr("kerakit.evaluation.baselines.series.MAX_ROWS", 4)
    predict, note = fit_series(series_data())
    assert predict is None and "more than a few CPU seconds" in note
