"""Files are whole or absent."""

import hashlib
import io
import os
import stat
import threading

import numpy as np
import pytest

from kerakit.files import atomic_path, fingerprint, highest_version, locked, read_json, write_json


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


def test_a_lock_that_is_held_is_refused_or_waited_for(tmp_path):
    path, order = tmp_path / ".lock", []

    def wait():
        with locked(path):
            order.append("second")

    with locked(path, blocking=False):
        with pytest.raises(BlockingIOError), locked(path, blocking=False):
            raise AssertionError("the block must not run")
        waiter = threading.Thread(target=wait)
        waiter.start()
        waiter.join(0.05)
        order.append("first")
    waiter.join(10)
    assert order == ["first", "second"]
    assert path.exists()


def test_a_lock_that_is_removed_is_made_anew_by_the_next(tmp_path):
    path, held = tmp_path / ".lock", []

    def wait():
        with locked(path, remove=True):
            held.append(path.exists())

    waiter = threading.Thread(target=wait)
    with locked(path, remove=True):
        waiter.start()
        waiter.join(0.05)
    waiter.join(10)
    assert held == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_locked_file_keeps_its_content_and_can_be_written(tmp_path):
    path = tmp_path / "part"
    path.write_bytes(b"old")
    with locked(path) as file:
        file.write(b" new")
    assert path.read_bytes() == b"old new"
    with pytest.raises(FileNotFoundError), locked(tmp_path / "missing", create=False):
        raise AssertionError("the block must not run")
    assert [p.name for p in tmp_path.iterdir()] == ["part"]


def test_a_fingerprint_is_the_sha256_of_the_joined_parts(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    array = np.arange(3, dtype=np.int64)
    with open(tmp_path / "file", "rb") as file:
        found = fingerprint(part for part in ("ä/", b"\0", array, file, io.BytesIO(b"more")))
    joined = "ä/".encode() + b"\0" + array.tobytes() + b"content" + b"more"
    assert found == hashlib.sha256(joined).hexdigest()


def test_ctrl_c_right_after_a_draft_is_made_leaves_no_file(tmp_path, monkeypatch):
    close = os.close

    def interrupted(handle):
        close(handle)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "close", interrupted)
        write_json(tmp_path / "a.json", {"new": 1})
    assert list(tmp_path.iterdir()) == []
