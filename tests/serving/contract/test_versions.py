import pytest

from kerakit.errors import ArgumentError, ExportError
from kerakit.serving.contract.versions import (
    check_model_dir,
    check_versions,
    choose_version,
    highest_version,
    version_folder,
    version_number,
    versions,
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("1", 1),
        ("00012", 12),
        ("+3", 3),
        ("-1", -1),
        (" 7", 7),
        ("1732000000", 1732000000),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("v10", None),
        ("10.bak", None),
        ("1e3", None),
        ("0x20", None),
        ("1_0", None),
        (".tmp-2", None),
        ("\u0663", None),
        ("", None),
    ],
)
def test_a_whole_name_that_is_an_integer_is_a_version(name, number):
    assert version_number(name) == number


def test_files_count_as_versions_and_numbers_only_grow(tmp_path):
    assert (versions(tmp_path / "none"), highest_version(tmp_path / "none")) == ([], 0)
    for name in ("2", "0010", "notes", "-5"):
        (tmp_path / name).mkdir()
    (tmp_path / "12").write_text("a file that the server takes for version 12")
    assert versions(tmp_path) == [-5, 2, 10, 12]
    assert choose_version(tmp_path) == 13
    assert choose_version(tmp_path, 40) == 40
    for low in (12, 10, 11, 1):
        with pytest.raises(ArgumentError, match="higher than 12.*leave it out for 13"):
            choose_version(tmp_path, low)
    for wrong in (0, -1, 1.5, "13", True):
        with pytest.raises(ArgumentError, match="version"):
            choose_version(tmp_path, wrong)


def test_there_is_no_number_after_the_last(tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(ExportError, match="no higher one"):
        choose_version(tmp_path)


def test_base_must_be_a_folder_that_a_request_can_name(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    (tmp_path / "wine" / "1").mkdir(parents=True)
    (tmp_path / "wine" / "1" / "saved_model.pb").write_text("")
    assert (
        check_model_dir("export", "model_dir", str(tmp_path / "new" / "wine"))
        == tmp_path / "new" / "wine"
    )
    assert check_model_dir("export", "model_dir", tmp_path / "wine") == tmp_path / "wine"
    for base, message in [
        (file, "is a file"),
        (file / "wine", "is a file"),
        (tmp_path / "a:b", "can reach"),
        ("/", "can reach"),
        (tmp_path / "wine" / "1", "is a version"),
        (tmp_path / "wine" / "2", "is a version"),
        (3, "path of a folder"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            check_model_dir("export", "model_dir", base)


def test_of_a_models_folder_the_highest_version_is_meant(tmp_path):
    for number in ("9", "10"):
        (tmp_path / number / "assets.extra").mkdir(parents=True)
        (tmp_path / number / "assets.extra" / "kerakit.json").write_text("{}")
    assert version_folder("verify", tmp_path) == tmp_path / "10"
    assert version_folder("verify", tmp_path / "9") == tmp_path / "9"
    with pytest.raises(ArgumentError, match="no such folder"):
        version_folder("verify", tmp_path / "8")
    with pytest.raises(ArgumentError, match="is not an export of kerakit"):
        version_folder("verify", tmp_path / "9" / "assets.extra")


def write_version(base, name):
    (base / name / "variables").mkdir(parents=True)
    (base / name / "saved_model.pb").write_text("")
    (base / name / "variables" / "variables.index").write_text("")


def test_versions_beside_must_be_whole_and_named_as_such(tmp_path):
    check_versions(tmp_path / "none")
    for name in ("1", "0002"):
        write_version(tmp_path, name)
    (tmp_path / ".tmp-5-ab").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "2.txt").write_text("a file that the server ignores")
    check_versions(tmp_path)
    spoilt = tmp_path / "3"
    for spoil, message in [
        (lambda: spoilt.mkdir(), r"half-written \(saved_model.pb is missing\).*take 4"),
        (lambda: (spoilt / "saved_model.pb").write_text(""), "variables.index is missing"),
        (lambda: (spoilt / "variables").mkdir(), "variables.index is missing"),
        (lambda: spoilt.rename(tmp_path / "v3"), "v3: it looks like a version"),
        (lambda: (tmp_path / "v3").rename(tmp_path / "old"), "old: it looks like a version"),
        (lambda: (tmp_path / "old").rename(tmp_path / ".old"), None),
        (lambda: (tmp_path / "10.bak").mkdir(), "10.bak: it looks like a version"),
        (lambda: (tmp_path / "10.bak").rmdir(), None),
        (lambda: (tmp_path / "9").write_text(""), "9: it is a file.*take 10"),
    ]:
        spoil()
        if message is None:
            check_versions(tmp_path)
        else:
            with pytest.raises(ArgumentError, match=message):
                check_versions(tmp_path)
