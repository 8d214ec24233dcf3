"""The recipes of sequences as a user runs them: on files of their own, and on mistakes."""

import json

import numpy as np
import pytest
import tensorflow as tf
from recipe_runs import run_here

from kerakit.serving import predict_csv

LOAD = "date,load\n" + "".join(
    f"2024-01-{1 + hour // 24:02d} {hour % 24:02d}:00,{100 + 9 * np.sin(hour * np.pi / 12):.3f}\n"
    for hour in range(600)
)


def metrics_of(folder, name):
    return json.loads((folder / "runs" / name / "1" / "metrics.json").read_text())


def served(folder, name):
    path = folder / "saved_models" / name / "1"
    return tf.saved_model.load(str(path)).signatures["serving_default"]


@pytest.mark.slow
def test_a_file_of_hours_becomes_a_served_forecast(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "load.csv").write_text(LOAD)
    flags = ["--series", "load.csv", "--window", "48", "--horizon", "12", "--calendar", "day"]
    assert run_here("sequence-forecast", *flags, "--epochs", "2", "--units", "8") == 0
    out = capsys.readouterr().out
    metrics = metrics_of(tmp_path, "load")
    # A sine of 24 hours is a straight line of its last two days.
    assert metrics["test"]["mae"] < 0.5
    spec = json.loads((tmp_path / "runs" / "load" / "1" / "spec.json").read_text())
    assert spec["series"]["season"] == 24
    assert {"seasonal_naive", "linear"} <= set(metrics["baseline"])
    hours = np.arange(200, 200 + 60)
    load = 100 + 9 * np.sin(hours * np.pi / 12)
    last = int(np.datetime64("2024-01-01T00:00", "s").astype("int64")) + int(hours[47]) * 3600
    answer = served(tmp_path, "load")(
        window=tf.constant(load[None, :48], tf.float32), time=tf.constant([last], tf.int64)
    )
    np.testing.assert_allclose(answer["forecast"][0], load[48:], atol=1.5)
    assert "curl -d" in out


@pytest.mark.slow
def test_quantiles_and_groups_of_origins_are_in_the_report_and_are_served(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "load.csv").write_text(LOAD)
    flags = ["--series", "load.csv", "--window", "48", "--horizon", "12", "--units", "8"]
    flags += ["--quantiles", "0.1,0.5,0.9", "--origins", "3", "--epochs", "2"]
    assert run_here("sequence-forecast", *flags) == 0
    out, metrics = capsys.readouterr().out, metrics_of(tmp_path, "load")
    assert "levels by the quantiles of its errors" in out and "cut into 3 groups" in out
    assert set(metrics["per_level"]) == {"0.1", "0.5", "0.9"}
    groups = metrics["origins"]["groups"]
    assert sum(group["windows"] for group in groups) == metrics["counts"]["test"]
    # The last 120 of 600 hours are tested: five days from the 21st of January on.
    assert groups[0]["first"] == "2024-01-21 00:00"
    config = json.loads((tmp_path / "runs" / "load" / "1" / "config.json").read_text())
    assert config["quantiles"] == [0.1, 0.5, 0.9]
    hours = np.arange(540, 600)
    load = 100 + 9 * np.sin(hours * np.pi / 12)
    answer = served(tmp_path, "load")(window=tf.constant(load[None, :48], tf.float32))
    np.testing.assert_allclose(answer["forecast"][0], load[48:], atol=1.5)
    assert (answer["lower"].numpy() <= answer["forecast"].numpy()).all()
    assert (answer["forecast"].numpy() <= answer["upper"].numpy()).all()
    predict_csv("saved_models/load/1", "load.csv", "ahead.csv")
    lines = (tmp_path / "ahead.csv").read_text().splitlines()
    assert lines[0] == "date,load,load_lower,load_upper" and len(lines) == 13
    assert lines[1].startswith("2024-01-26 00:00")


@pytest.mark.slow
def test_a_file_of_stores_becomes_one_served_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random, lines = np.random.default_rng(0), ["Date,Hour,shop,town,promo,sold"]
    promos = random.integers(0, 2, (3, 400))
    sold = np.array([[2.0], [40], [900]]) * (5 + promos + 0.1 * random.normal(size=(3, 400)))
    for step in range(400):
        day, hour = np.datetime64("2024-03-01") + step // 24, step % 24
        for shop in range(3):
            row = f"{day},{hour:02d}:00,{shop},{'NM'[shop % 2]},{promos[shop, step]}"
            lines.append(f"{row},{sold[shop, step]:.3f}")
    (tmp_path / "shops.csv").write_text("\n".join(lines) + "\n")
    flags = ["--series", "shops.csv", "--value", "sold", "--time", "Date,Hour", "--id", "shop"]
    flags += ["--future", "promo", "--static", "town", "--window", "12", "--horizon", "6"]
    assert run_here("sequence-forecast", *flags, "--epochs", "3", "--units", "8") == 0
    out = capsys.readouterr().out
    metrics = metrics_of(tmp_path, "shops")
    assert "of 3 series" in out and set(metrics["per_series"]) == {"0", "1", "2"}
    # What is left is the noise: a tenth, where the promotion changes the sales by one.
    assert metrics["test"]["mase"] < 0.5 * metrics["baseline"]["seasonal_naive"]["mase"]
    page = (tmp_path / "runs" / "shops" / "1" / "report.html").read_text()
    assert "The series with the largest errors come first" in page
    known = np.concatenate([promos[2, -12:], [0, 1, 0, 1, 0, 1]]).astype("float32")
    answer = served(tmp_path, "shops")(
        window=tf.constant(sold[2:, -12:], tf.float32),
        future=tf.constant(known[None]),
        town=tf.constant(["N"]),
        shop=tf.constant(["2"]),
    )
    np.testing.assert_allclose(answer["forecast"][0], 900 * (5 + known[12:]), atol=400)
    assert (answer["upper"] - answer["lower"]).numpy().min() > 90


@pytest.mark.slow
def test_series_of_several_lengths_become_a_served_label(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    lines = ["@problemName waves", "@univariate true", "@classLabel true rising falling", "@data"]
    for number in range(80):
        label = ("rising", "falling")[number % 2]
        steps = np.arange(8 + number % 5) * (1 if label == "rising" else -1)
        values = random.normal(0, 5) + steps + random.normal(0, 0.1, len(steps))
        lines.append(",".join(f"{value:.3f}" for value in values) + f":{label}")
    (tmp_path / "waves.ts").write_text("\n".join(lines) + "\n")
    flags = ["--ts", "waves.ts", "--epochs", "30", "--units", "16"]
    assert run_here("sequence-classify", *flags) == 0
    assert metrics_of(tmp_path, "waves")["test"]["accuracy"] > 0.9
    series = tf.constant([[0.0, 1, 2, 3, 4, np.nan], [5, 4, 3, 2, 1, 0]], tf.float32)
    answer = served(tmp_path, "waves")(series=series)
    assert answer["label"].numpy().tolist() == [b"rising", b"falling"], answer


@pytest.mark.slow
def test_a_file_of_texts_becomes_a_served_label(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = ["text\tlabel"]
    for number in range(80):
        spam = number % 2
        rows.append(f"{'win a prize' if spam else 'see you at'} {number}\t{'sh'[1 - spam]}am")
    (tmp_path / "mail.tsv").write_text("\n".join(rows) + "\n")
    flags = [
        "--text",
        "mail.tsv",
        "--rename-labels",
        '{"sam": "spam"}',
        "--epochs",
        "2",
        "--units",
        "8",
    ]
    assert run_here("text-classify", *flags) == 0
    out = capsys.readouterr().out
    assert "linear path: logistic regression" in out
    assert metrics_of(tmp_path, "mail")["test"]["accuracy"] == 1.0
    answer = served(tmp_path, "mail")(text=tf.constant(["Win a PRIZE", "see you", ""]))
    assert answer["label"].numpy().tolist()[:2] == [b"spam", b"ham"]
    np.testing.assert_allclose(answer["probabilities"].numpy().sum(1), 1, rtol=1e-5)


@pytest.mark.slow
def test_a_file_of_tagged_sentences_becomes_served_tags(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = []
    for number in range(60):
        noun = ("cat", "dog", "bird")[number % 3]
        words = [("the", "DET"), (f"{noun}{number % 7}", "NOUN"), ("sleeps", "VERB")]
        lines = [f"{word} {tag}" for word, tag in words[number % 2 :]]
        blocks.append("\n".join(lines))
    (tmp_path / "words.txt").write_text("\n\n".join(blocks) + "\n")
    flags = ["--tagged", "words.txt", "--epochs", "12", "--units", "8"]
    assert run_here("sequence-tag", *flags) == 0
    assert metrics_of(tmp_path, "words")["test"]["accuracy"] > 0.95
    answer = served(tmp_path, "words")(tokens=tf.constant(["the cat1 sleeps", "dog2"]))
    tags = [[b"DET", b"NOUN", b"VERB"], [b"NOUN", b"", b""]]
    assert answer["labels"].numpy().tolist() == tags


@pytest.mark.slow
def test_a_table_of_entities_becomes_tags_that_the_scheme_allows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = ["Sentence #,Word,POS,Tag"]
    for number in range(40):
        name = ["José", "Anna"][number % 2]
        rows += [f"Sentence: {number},{name},NNP,B-per"]
        rows += [",Lee,NNP,I-per"] * (number % 3 > 0) + [",sees,VBZ,O", ",Rome,NNP,B-geo"]
    (tmp_path / "ner.csv").write_bytes("\n".join(rows).encode("latin-1"))
    flags = ["--tagged", "ner.csv", "--epochs", "8", "--units", "8", "--crf", "--scheme", "iobes"]
    assert run_here("sequence-tag", *flags) == 2
    assert "ner.csv, line 2: the text is not utf-8" in capsys.readouterr().err
    assert run_here("sequence-tag", *flags, "--encoding", "latin-1") == 0
    assert "Entity F1" in capsys.readouterr().out
    metrics = metrics_of(tmp_path, "ner")
    assert set(metrics["per_entity"]) == {"geo", "per"}
    # What is answered obeys the scheme: strict and lenient entities are the same.
    test = metrics["test"]
    assert test["entity_f1"] == test["entity_f1_strict"]
    answer = served(tmp_path, "ner")(tokens=tf.constant(["Anna Lee sees Rome", "", "Lee"]))
    assert answer["labels"].shape == (3, 4) and (answer["labels"].numpy()[1] == b"").all()


@pytest.mark.many
@pytest.mark.parametrize(
    ("job", "flags", "words"),
    [
        ("sequence-forecast", ["--series", "nowhere.csv"], ["nowhere.csv: no such file"]),
        ("sequence-forecast", ["--dataset", "iris"], ["Expected mackey_glass"]),
        ("sequence-forecast", ["--value", "x"], ["--value goes with --series FILE"]),
        ("sequence-forecast", ["--series", "a.ts"], ["kerakit train sequence-classify --ts"]),
        ("sequence-forecast", ["--series", "load.csv", "--window", "590"], ["smaller --window"]),
        ("sequence-forecast", ["--series", "load.csv", "--encoder", "lstn"], ["mean 'lstm'?"]),
        ("sequence-forecast", ["--quantiles", "0.1,0.9"], ["--quantiles must be 3, 5, ... levels"]),
        ("sequence-forecast", ["--quantiles", "0.5", "0.1", "0.9"], ["that increase"]),
        ("sequence-forecast", ["--quantiles", "low,0.5,high"], ["Got ('low', '0.5', 'high')"]),
        (
            "sequence-forecast",
            ["--origins", "0"],
            ["--origins must be an int in the range [1, inf"],
        ),
        (
            "sequence-forecast",
            ["--series", "load.csv", "--window", "24", "--horizon", "6", "--origins", "116"],
            ["--origins must be an int in the range [1, 115], at most the number of test windows"],
        ),
        ("sequence-classify", ["--ts", "load.csv"], ["kerakit train sequence-forecast --series"]),
        ("sequence-classify", ["--bidirectional"], ["--encoder 'conv', which is not recurrent"]),
        ("text-classify", ["--text", "load.csv"], ["no column 'text'", "'date', 'load'"]),
        ("text-classify", ["--dataset", "mesages"], ["mean 'messages'?"]),
        ("sequence-tag", ["--tagged", "load.csv", "--dataset", "x"], ["two sets of data"]),
        ("sequence-tag", ["--preset", "regression"], ["'regression' preset"]),
    ],
)
def test_bad_input_is_one_line(job, flags, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "load.csv").write_text(LOAD)
    monkeypatch.chdir(tmp_path)
    code = run_here(job, *flags)
    error = capsys.readouterr().err
    assert code == 2, error
    assert [path.name for path in tmp_path.iterdir()] == ["load.csv"]
    line = error.strip().splitlines()[-1]
    assert line.startswith("error: ") and all(word in line for word in words), line
