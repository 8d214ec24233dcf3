"""The baseline of texts."""

import re

import numpy as np
import pytest
from evaluation_cases import IDS, TEXTS, text_data

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.evaluation.baselines.texts import fit_texts, plain_texts


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
    assert "C = 10 is the default without" in note
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
    assert "other features besides" in fit_texts(Data(None, None, None, two))[1]


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


def test_each_of_several_labels_has_a_regression_of_its_own():
    """The probabilities are those of the baseline of that label alone."""
    flags = np.stack([IDS, [length % 2 for length in map(len, TEXTS)]], axis=1)
    parts = (
        [" ".join(text.split()[:1]) for text in TEXTS],
        [" ".join(text.split()[1:]) for text in TEXTS],
    )
    features = tuple(Feature(name, "text", "string") for name in ("title", "body"))
    spec = Spec("multilabel", features, classes=("spam", "odd"), sizes={"train": len(TEXTS)})
    columns = {n: np.array(part, object) for n, part in zip(("title", "body"), parts, strict=True)}
    table = Table(columns, flags.astype("float32"))
    predict, note = fit_texts(Data(table, None, table, spec))
    assert "C = 10 is the default without" in note
    found = predict(columns)
    for label, ids in enumerate(flags.T):
        data = text_data([f"{a} {b}" for a, b in zip(*parts, strict=True)], ids.tolist())
        data = Data(data.table("train"), None, data.table("test"), data.spec)
        alone, _ = fit_texts(data)
        joined = np.array([f"{a} {b}" for a, b in zip(*parts, strict=True)], object)
        np.testing.assert_allclose(found[:, label], alone({"text": joined})[:, 1], atol=1e-6)


def test_c_of_several_labels_has_the_lowest_log_loss_of_the_validation_texts():
    flags = np.stack([IDS, [length % 2 for length in map(len, TEXTS)]], axis=1).astype("float32")
    spec = Spec(
        "multilabel",
        (Feature("text", "text", "string"),),
        classes=("spam", "odd"),
        sizes={"train": len(TEXTS), "validation": 8},
    )
    table = Table({"text": np.array(TEXTS, object)}, flags)
    chosen = {}
    for name, target in (("true", flags[:8]), ("wrong", 1 - flags[:8])):
        held = Table({"text": np.array(TEXTS[:8], object)}, target)
        _, note = fit_texts(Data(table, held, table, spec))
        chosen[name] = re.search(r"C = (\d+) had the lowest", note)[1]
    # Rows that were fitted want the weakest penalty, and the opposite of them the strongest.
    assert chosen == {"true": "100", "wrong": "1"}
