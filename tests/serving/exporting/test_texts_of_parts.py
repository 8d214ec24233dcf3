"""Texts of several parts with several labels, from a frame to the served answer."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk

TOPICS = {"sport": ("goal", "team"), "law": ("court", "judge"), "tech": ("chip", "code")}


def frame(rows=400):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(rows):
        tags = [topic for topic in TOPICS if rng.random() < 0.4]
        words = [rng.choice(TOPICS[tag]) for tag in tags]
        words += [f"w{n}" for n in rng.integers(90, size=6)]
        cut = rng.integers(0, 4)
        found.append({"title": " ".join(words[:cut]), "body": " ".join(words[cut:]), "tags": tags})
    return pd.DataFrame(found)


@pytest.mark.export
@pytest.mark.training
def test_what_was_measured_is_served(tmp_path):
    rows = frame()
    data = kk.load_text(rows, text=["title", "body"], label="tags")
    model = kk.text_classifier(data, units=4, embedding=4)
    kk.compile(model, "text_classification")
    history = kk.fit(model, data, epochs=2, verbose=0)
    assert "on the validation rows as well" in history.linear_path
    report = kk.evaluate(model, data, run_dir=tmp_path / "run", history=history)
    assert report.test["f1"] > 0.9 and set(report.baseline) == {"majority", "logistic"}
    assert report.baseline["logistic"]["f1"] > 0.8
    asked = rows.head(6)
    expected = model.predict(
        {name: asked[name].to_numpy(object) for name in ("title", "body")}, verbose=0
    )
    path = kk.export(model, data, tmp_path / "served")
    for table in (kk.load_served(path)(asked), kk.predict(model, asked)):
        columns = [f"probability_{name}" for name in data.spec.classes]
        np.testing.assert_allclose(table[columns], expected, atol=1e-5)
        on = [np.array(data.spec.classes)[row > 0.5] for row in expected]
        assert table["labels"].tolist() == [";".join(names) for names in on]
