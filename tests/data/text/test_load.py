"""Texts to classify, from files and from memory."""

import collections
import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest

import kerakit as kk
from kerakit.data import load_text
from kerakit.errors import DataError

HAM = [f"See you on day {n} at the office" for n in range(30)]
SPAM = [f"Win {n} dollars now, it is free" for n in range(20)]
TEXTS, LABELS = [*HAM, *SPAM], ["ham"] * 30 + ["spam"] * 20
TABLE = "text,label\n" + "\n".join(f'"{t}",{k}' for t, k in zip(TEXTS, LABELS, strict=True))


def rows(data):
    """`(text, label)` of all splits, each a list."""
    found = {}
    for split in ("train", "validation", "test"):
        table = data.table(split)
        if table is not None:
            labels = [data.spec.classes[number] for number in table.target]
            (column,) = table.features.values()
            found[split] = list(zip(column, labels, strict=True))
    return found


def test_a_file_becomes_one_feature_target_and_splits(write):
    data = load_text(write(TABLE))
    spec = data.spec
    assert (spec.task, spec.classes, spec.dataset) == ("binary", ("ham", "spam"), "table.csv")
    assert spec.sizes == {"train": 32, "validation": 8, "test": 10}
    (feature,) = spec.features
    assert (feature.name, feature.kind) == ("text", "text")
    assert (feature.dtype, feature.shape) == ("string", ())
    assert spec.target.names == ("label",) and spec.na_values == ()
    splits = rows(data)
    assert sorted(sum(splits.values(), [])) == sorted(zip(TEXTS, LABELS, strict=True))
    train = data.table("train")
    assert train.features["text"].dtype == object and train.target.dtype == np.int32
    assert spec.class_counts == tuple(np.bincount(train.target))
    features, target = next(iter(data.test))
    assert features["text"].numpy().decode() == splits["test"][0][0] and target.shape == ()
    assert kk.load_text is load_text
    assert kk.Spec.from_json(spec.to_json()) == spec


def test_splits_are_seeded_and_of_equal_proportions(write):
    first, again, other = (load_text(write(TABLE), seed=seed) for seed in (1, 1, 2))
    assert rows(first) == rows(again) != rows(other)
    assert first.spec == again.spec
    for data in (first, other):
        counts = {
            split: collections.Counter(label for _, label in part)
            for split, part in rows(data).items()
        }
        assert counts["test"] == {"ham": 6, "spam": 4}
        assert counts["validation"] in ({"ham": 5, "spam": 3}, {"ham": 4, "spam": 4})


def test_words_are_counted_in_training_texts_alone():
    texts = [f"common rare{n % 25} rare{n % 25}" for n in range(50)]
    texts = [f"{text} {n}" for n, text in enumerate(texts)]
    data = load_text((texts, ["a", "b"] * 25))
    counts = collections.Counter(word for text, _ in rows(data)["train"] for word in text.split())
    expected = sorted(
        (word for word, count in counts.items() if count > 1), key=lambda w: (-counts[w], w)
    )
    assert data.spec.features[0].vocabulary == tuple(expected)
    assert len(expected) < 26  # some of the words are in the other parts only


def test_all_sources_of_the_same_texts_agree(write):
    lines = [f"{label}\t{text}" for text, label in zip(TEXTS, LABELS, strict=True)]
    spaced = [f"{label} {text}" for text, label in zip(TEXTS, LABELS, strict=True)]
    named = {"columns": ("label", "text")}
    columns = {"text": TEXTS, "label": LABELS}
    known = load_text(write(TABLE))
    for data in (
        load_text(write("label\ttext\n" + "\n".join(lines), "a.tsv")),
        load_text(write("\r\n".join(lines), "a"), **named),
        load_text(write("\n\n".join(spaced), "b"), separator=" ", **named),
        load_text(write("\n".join(spaced).encode("utf-8-sig"), "d"), separator=" ", **named),
        load_text(write(gzip.compress(TABLE.encode()), "t.csv.gz")),
        load_text(write(TABLE.encode("utf-16"), "u.csv"), encoding="utf-16"),
        load_text(write(TABLE.encode("utf-8-sig"), "s.csv")),
        load_text(write(TABLE.replace(",", ";").replace("; it", ", it"), "c.csv")),
        load_text((TEXTS, LABELS)),
        load_text([np.array(TEXTS), np.array(LABELS)]),
        load_text(([text.encode() for text in TEXTS], [label.encode() for label in LABELS])),
        load_text(columns),
        load_text(pd.DataFrame(columns)),
        load_text((pd.Series(TEXTS), pd.Series(LABELS).astype("category"))),
        load_text(pl.DataFrame({**columns, "number": range(50)})),
        load_text(write(pd.DataFrame(columns).to_json(orient="records", lines=True), "j.jsonl")),
        load_text(write(pd.DataFrame(columns).to_parquet(), "p.parquet")),
    ):
        assert rows(data) == rows(known)
        assert data.spec.features == known.spec.features
        assert data.spec.fingerprint == known.spec.fingerprint


def test_columns_have_names_of_their_own(write):
    text = TABLE.replace("text,label", "message body,kind")
    data = load_text(write(text), text="message body", label="kind", dataset="mail")
    assert data.spec.feature_names == ("message_body",)
    assert data.spec.features[0].column == "message body"
    assert data.spec.target.names == ("kind",) and data.spec.dataset == "mail"


def test_quotes_are_characters_where_tabs_separate(write):
    odd = ['He said "hello', 'the " again', '""', "it's \"5\" o'clock"]
    lines = [f"ham\t{text} {n}" for n, text in enumerate(odd * 3)] + ["spam\tbuy", "spam\tnow"]
    data = load_text(write("\n".join(lines)), columns=("label", "text"))
    texts = [text for part in rows(data).values() for text, _ in part]
    assert sorted(texts) == sorted(line.split("\t")[1] for line in lines)
    quoted = [f'ham\t"a ""b"" {n}"' for n in range(9)] + ["spam\tbuy", "spam\tnow"]
    data = load_text(write("\n".join(quoted)), columns=("label", "text"), quote='"')
    assert 'a "b" 3' in {text for part in rows(data).values() for text, _ in part}


def test_quoted_commas_and_line_breaks_belong_to_the_text(write):
    text = "label,text\n" + "".join(f'{n % 2},"one, two\nthree {n}"\n' for n in range(20))
    data = load_text(write(text))
    assert {text for part in rows(data).values() for text, _ in part} == {
        f"one, two\nthree {n}" for n in range(20)
    }
    assert data.spec.classes == ("0", "1")


def test_a_space_cuts_each_line_once(write):
    lines = [f"{n % 3} what is  {n} ?" for n in range(30)]
    data = load_text(write("\n".join(lines)), columns=("label", "text"), separator=" ")
    assert data.spec.task == "multiclass" and data.spec.classes == ("0", "1", "2")
    assert ("what is  7 ?", "1") in sum(rows(data).values(), [])
    for wrong in (None, ("label", "text", "more"), ("text", "text")):
        with pytest.raises(DataError, match="separator=' ' .* needs the names of two columns"):
            load_text(write("\n".join(lines)), columns=wrong, separator=" ")
    with pytest.raises(DataError, match="line 3: expected 'label', a space and 'text', found '2'"):
        load_text(write("0 a\n1 b\n2\n"), columns=("label", "text"), separator=" ")


def test_repeats_of_a_text_are_in_one_part():
    texts = [f"number {n // 4}" for n in range(200)]
    labels = ["a" if n % 16 < 8 else "b" for n in range(200)]
    for seed in range(5):
        data = load_text((texts, labels), seed=seed)
        parts = [{text for text, _ in part} for part in rows(data).values()]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        # Of 50 different texts 10 are tested on, four rows each; of the other 40 eight.
        assert data.spec.sizes == {"train": 128, "validation": 32, "test": 40}
        assert collections.Counter(label for _, label in rows(data)["test"]) == {"a": 20, "b": 20}


def test_groups_stay_together_and_so_do_their_repeats(write):
    lines = [f"{n // 2 % 2},g{n // 3},text {n // 2}" for n in range(120)]
    data = load_text(write("label,who,text\n" + "\n".join(lines)), groups="who", validation_size=0)
    # Rows 0-2, 3-5 are groups and 2-3 are repeats: units of six rows, three texts each.
    units = {
        split: {int(text.split()[1]) // 3 for text, _ in part} for split, part in rows(data).items()
    }
    assert not units["train"] & units["test"] and len(units["test"]) == 4
    assert data.spec.sizes == {"train": 96, "validation": 0, "test": 24}
    groups = [data.table(split).groups for split in ("train", "test")]
    assert [len(np.unique(found)) for found in groups] == [32, 8] and not {*groups[0]} & {
        *groups[1]
    }
    with pytest.raises(DataError, match=r"line 3, column 'who': the group is missing"):
        load_text(write("label,who,text\n0,a,b\n1,,c\n" + "\n".join(lines)), groups="who")


def test_given_parts_are_used_as_they_are(write):
    test = write(
        "label,text\nspam,unheard of\nham,\nham,  See you on day 3 at the office\n", "t.csv"
    )
    data = load_text(write(TABLE), test=test, validation=(["new"], ["ham"]))
    assert data.spec.sizes == {"train": 50, "validation": 1, "test": 3}
    known = [("unheard of", "spam"), ("", "ham"), ("  See you on day 3 at the office", "ham")]
    assert rows(data)["test"] == known
    assert "unheard" not in data.spec.features[0].vocabulary
    assert load_text(write(TABLE), test=test, validation_size=0).table("validation") is None


def test_known_test_texts_are_counted_in_a_warning(write):
    with pytest.warns(UserWarning, match=r"texts \(test\): 2 of 3 test texts are also training"):
        load_text((TEXTS, LABELS), test=([HAM[0], SPAM[0], "new"], ["ham", "spam", "ham"]))


def test_empty_texts_are_kept_out_of_training_only(write):
    # All the same, and yet no repeats: they come into every part.
    blank = [("", "ham"), ("", "spam")] * 10
    table = TABLE + "\n" + "\n".join(f"{text},{label}" for text, label in blank)
    message = r"table\.csv: \d+ texts are empty and left out of training \(.*csv, line 5\d;.* more"
    with pytest.warns(UserWarning, match=message):
        data = load_text(write(table))
    splits = rows(data)
    assert all(text.strip() for text, _ in splits["train"])
    assert data.spec.features[0].missing == 0
    assert any(not text.strip() for text, _ in splits["test"])
    assert len(splits["train"]) < 0.64 * 70 - 3
    with pytest.warns(UserWarning, match="1 text is empty and left out of training"):
        load_text(([*TEXTS, " \t\n"], [*LABELS, "ham"]), test_size=0.1, validation_size=0)


def test_labels_are_renamed_joined_and_ordered(write):
    texts = [f"question {n}" for n in range(30)]
    data = load_text((texts, [n % 3 for n in range(30)]), rename_labels={"2": "1"}, pos_label="0")
    assert data.spec.classes == ("1", "0") and data.spec.task == "binary"
    assert load_text((texts, [n % 11 for n in range(30)])).spec.classes[-1] == "10"


def test_real_messages(test_data):
    path = test_data / "text" / "sms_spam" / "SMSSpamCollection"
    data = load_text(path, columns=("label", "text"))
    spec = data.spec
    assert sum(spec.sizes.values()) == 5_574
    splits = rows(data)
    assert collections.Counter(label for part in splits.values() for _, label in part) == {
        "ham": 4_827,
        "spam": 747,
    }
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    assert sorted(text for part in splits.values() for text, _ in part) == sorted(
        line.split("\t", 1)[1] for line in lines
    )
    parts = [{text for text, _ in part} for part in splits.values()]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    # Of 5,171 different texts 1,034 are tested on.
    assert len(parts[2]) == 1_034
    share = np.mean([label == "spam" for _, label in splits["test"]])
    assert share == pytest.approx(747 / 5_574, abs=0.02)


def test_real_questions(test_data):
    folder = test_data / "text" / "trec"
    options = {"columns": ("label", "text"), "separator": " "}
    with pytest.raises(DataError, match=r"line 66: the text is not utf-8 \(byte f0\)"):
        load_text(folder / "TREC.train.all", **options)
    with pytest.warns(UserWarning, match="10 of 500 test texts are also training texts"):
        data = load_text(
            folder / "TREC.train.all",
            test=folder / "TREC.test.all",
            encoding="latin-1",
            **options,
        )
    sizes = data.spec.sizes
    assert sizes["train"] + sizes["validation"] == 5_452 and sizes["test"] == 500
    assert data.spec.classes == tuple("012345")
    assert rows(data)["test"][0] == ("How far is it from Denver to Aspen ?", "5")
