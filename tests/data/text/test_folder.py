"""Texts in a folder per class."""

import pytest

from kerakit.data import load_text
from kerakit.data.files.class_folders import find_files
from kerakit.errors import DataError


def fill(root, counts, word="text"):
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (root / name / f"{number}.txt").write_text(f"{word} {name}\nnumber {number}")
    return root


def texts(data, split):
    table = data.table(split)
    labels = [data.spec.classes[number] for number in table.target]
    return sorted(zip(table.features["text"], labels, strict=True))


def test_folders_are_classes(tmp_path):
    root = fill(tmp_path / "reviews", {"good": 20, "bad": 10})
    data = load_text(root)
    spec = data.spec
    assert (spec.task, spec.classes, spec.dataset) == ("binary", ("bad", "good"), "reviews")
    assert spec.sizes == {"train": 19, "validation": 5, "test": 6}
    found = sum((texts(data, split) for split in ("train", "validation", "test")), [])
    assert ("text good\nnumber 7", "good") in found and len(set(found)) == 30
    labels = data.table("train").target.tolist()
    assert labels not in (sorted(labels), sorted(labels, reverse=True))
    assert texts(load_text(root, seed=0), "test") == texts(data, "test")
    assert load_text(root).spec.fingerprint == spec.fingerprint
    assert load_text(root, seed=5).table("train").features["text"].tolist() != (
        data.table("train").features["text"].tolist()
    )


def test_folders_of_splits_are_respected(tmp_path):
    for split, word in (("train", "old"), ("test", "new")):
        fill(tmp_path / split, {"pos": 10, "neg": 10}, word)
    data = load_text(tmp_path)
    assert data.spec.sizes == {"train": 16, "validation": 4, "test": 20}
    assert all(text.startswith("new") for text, _ in texts(data, "test"))
    fill(tmp_path / "val", {"pos": 1, "neg": 1}, "other")
    data = load_text(tmp_path)
    assert data.spec.sizes == {"train": 20, "validation": 2, "test": 20}
    with pytest.raises(DataError, match="holds 'test', and test= is given too"):
        load_text(tmp_path, test=tmp_path / "val")
    data = load_text(tmp_path / "train", test=tmp_path / "val")
    assert data.spec.sizes["test"] == 2


def test_any_suffix_hidden_files_and_loose_files(tmp_path):
    root = fill(tmp_path, {"a": 10, "b": 10})
    (root / "a" / "51060").write_text("no suffix")
    (root / "a" / ".hidden").write_bytes(b"\xff\0")
    (root / "README").write_bytes(b"\xff")
    data = load_text(root)
    assert sum(data.spec.sizes.values()) == 21


def test_bad_files_are_named(tmp_path):
    root = fill(tmp_path, {"a": 10, "b": 10})
    (root / "a" / "3.txt").write_bytes("zwei\ncafé".encode("latin-1"))
    with pytest.raises(DataError, match=r"a/3\.txt, line 2: the text is not utf-8 \(byte e9\)"):
        load_text(root)
    assert sum(load_text(root, encoding="latin-1").spec.sizes.values()) == 20
    (root / "a" / "3.txt").write_text("a\0")
    with pytest.raises(DataError, match=r"a/3\.txt, line 1: the text holds a NUL"):
        load_text(root)
    for number in range(3, 10):
        (root / "a" / f"{number}.txt").write_text("")
    with pytest.warns(UserWarning, match=r"texts are empty and left out .*a/\d\.txt; .*more"):
        data = load_text(root)
    assert data.spec.class_counts[0] >= 1


def test_folders_laid_out_otherwise_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no folders. Expected a folder for each class"):
        load_text(tmp_path)
    root = fill(tmp_path / "one", {"a": 5})
    with pytest.raises(DataError, match="has one class only, 'a'"):
        load_text(root)
    (root / "b").mkdir()
    with pytest.raises(DataError, match="b is an empty class: it holds no files. Add texts to it,"):
        load_text(root)
    fill(root / "b", {"c": 2})
    with pytest.raises(DataError, match="holds a folder 'c' of its own. Expected the texts of"):
        load_text(root)
    fill(tmp_path / "rare", {"a": 5, "b": 1})
    with pytest.raises(DataError, match=r"b/0\.txt, column 'label': the class 'b' has one row"):
        load_text(tmp_path / "rare")
    with pytest.raises(DataError, match=r"0\.txt is a file\. Expected a folder"):
        load_text(tmp_path / "rare", test=tmp_path / "rare" / "a" / "0.txt")


def test_files_are_found_in_the_order_of_their_names(tmp_path):
    for name in (
        "Train/b/2.png",
        "Train/b/1.PNG",
        "Train/a/x.jpg",
        "valid/a/y.gif",
        "Train/b/n.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    suffixes = {".png", ".jpg", ".gif"}
    files = find_files(tmp_path, owner="load_images", noun="images", suffixes=suffixes)
    names = ["Train/a/x.jpg", "Train/b/1.PNG", "Train/b/2.png"]
    assert [file.name for file in files["train"]] == names
