"""Files are whole or absent."""

import os
import stat

import pytest

from kerakit.files import atomic_path, highest_version, read_json, write_json


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as aside:
        aside.write_text("half of the ne")
        raise RuntimeError
    assert read_json(path) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_files_have_the_usual_permissions(tmp_path):
    write_json(tmp_path / "deep" / "a.json", 1)
    (tmp_path / "plain").write_text("")
    modes = {stat.S_IMODE(os.stat(p).st_mode) for p in (tmp_path / "deep" / "a.json",)}
    assert modes == {stat.S_IMODE(os.stat(tmp_path / "plain").st_mode)}


def test_versions_are_whole_integer_names(tmp_path):
    assert highest_version(tmp_path / "nowhere") == 0
    for name in ("1", "00012", "v99", "13.bak", "1e3", "0x20", ".tmp-44", "١٢٣"):
        (tmp_path / name).mkdir()
    assert highest_version(tmp_path) == 12
