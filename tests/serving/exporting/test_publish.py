import errno
import fcntl
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from kerakit.errors import ArgumentError, ExportError
from kerakit.serving.exporting.publish import publish

# A process that publishes a folder of two files, tells when it has begun, and waits for a line.
WRITER = """
import sys
from kerakit.serving.exporting.publish import publish
with publish(sys.argv[1]) as publication:
    (publication.folder / "one").write_text("1")
    print(publication.folder, flush=True)
    sys.stdin.readline()
    (publication.folder / "two").write_text("2")
print(publication.path)
"""


def start(base):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(writer):
    """The folder that the process has published, its last line."""
    return writer.communicate("\n", timeout=60)[0].splitlines()[-1]


def listing(base):
    return sorted(path.name for path in base.iterdir())


def test_a_version_appears_whole_with_its_number_written_down(tmp_path):
    base = tmp_path / "deep" / "wine"

    def finish(folder, number):
        (folder / "number").write_text(str(number))

    with publish(base, finish=finish) as publication:
        assert publication.folder.parent == base
        assert publication.folder.name.startswith(f".tmp-{os.getpid()}-")
        (publication.folder / "saved_model.pb").write_text("graph")
        assert listing(base) == [publication.folder.name]
        assert publication.path is None
    assert publication.path == base / "1"
    assert listing(base) == ["1"]
    assert listing(base / "1") == ["number", "saved_model.pb"]
    assert (base / "1" / "number").read_text() == "1"
    with publish(base, 20) as publication:
        pass
    assert publication.path == base / "20"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_everything_as_it_was(tmp_path, error):
    base = tmp_path / "a" / "wine"
    for before in ([], ["1"]):
        with pytest.raises(error), publish(base) as publication:
            (publication.folder / "half").write_text("")
            raise error
        assert (listing(base) if base.exists() else []) == before
        assert (tmp_path / "a").exists() == bool(before)
        with publish(base):
            pass


def test_a_low_version_or_a_file_is_refused_before_anything_is_written(tmp_path):
    base = tmp_path / "wine"
    (base / "3").mkdir(parents=True)
    for version in (3, 2):
        with pytest.raises(ArgumentError), publish(base, version):
            raise AssertionError("the block must not run")
    (tmp_path / "file").write_text("kept")
    with pytest.raises(ArgumentError, match="is a file"), publish(tmp_path / "file"):
        raise AssertionError("the block must not run")
    assert (tmp_path / "file").read_text() == "kept"
    assert listing(base) == ["3"]


def test_a_version_that_appears_meanwhile_is_not_overwritten(tmp_path):
    with publish(tmp_path) as publication:
        (tmp_path / "1").write_text("somebody else's")
    assert publication.path.name == "2"
    with pytest.raises(ArgumentError, match="higher than 5"), publish(tmp_path, 5):
        (tmp_path / "5").mkdir()
    assert listing(tmp_path) == ["1", "2", "5"]
    assert (tmp_path / "1").read_text() == "somebody else's"


@pytest.mark.process
def test_processes_at_once_get_a_version_each(tmp_path):
    writers = [start(tmp_path / "wine") for _ in range(4)]
    assert all(writer.stdout.readline() for writer in writers)  # all are at it
    paths = {finish(writer) for writer in writers}
    assert paths == {str(tmp_path / "wine" / number) for number in "1234"}
    assert listing(tmp_path / "wine") == ["1", "2", "3", "4"]
    assert all(listing(tmp_path / "wine" / number) == ["one", "two"] for number in "1234")


@pytest.mark.process
def test_a_killed_process_leaves_what_was_there_and_the_next_one_cleans_up(tmp_path):
    with publish(tmp_path) as publication:
        (publication.folder / "old").write_text("")
    dead, live = start(tmp_path), start(tmp_path)
    folders = [os.path.basename(writer.stdout.readline().strip()) for writer in (dead, live)]
    os.kill(dead.pid, signal.SIGKILL)
    dead.wait()
    dead.stdin.close()
    dead.stdout.close()
    assert listing(tmp_path) == sorted([*folders, "1"])
    assert listing(tmp_path / "1") == ["old"]
    with publish(tmp_path) as publication:
        assert listing(tmp_path) == sorted([folders[1], publication.folder.name, "1"])
    assert finish(live) == str(tmp_path / "3")
    assert listing(tmp_path) == ["1", "2", "3"]


@pytest.mark.process
def test_temporary_folders_without_a_lock_are_judged_by_their_process(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    kept = [f".tmp-{os.getpid()}-abcd", ".tmp-mine", "notes"]
    for name in [*kept, f".tmp-{gone.pid}-abcd", ".tmp-99999999999999999999-abcd"]:
        (tmp_path / name).mkdir()
    with publish(tmp_path):
        pass
    assert listing(tmp_path) == sorted([*kept, "1"])


@pytest.mark.process
def test_the_lock_of_the_folder_is_waited_for(tmp_path):
    with open(tmp_path / ".kerakit.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        writer = start(tmp_path)
        time.sleep(0.7)
        assert listing(tmp_path) == [".kerakit.lock"]
        assert writer.poll() is None
    assert finish(writer) == str(tmp_path / "1")


def test_a_disk_that_takes_no_more_is_one_clear_error(tmp_path):
    base = tmp_path / "wine"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        message = "export wrote nothing to .*wine: .*too large"
        with pytest.raises(ExportError, match=message), publish(base) as publication:
            (publication.folder / "variables").write_bytes(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not base.exists()
    with pytest.raises(ExportError, match="the disk is full. Free some space"), publish(base):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not base.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="cannot be written to"), publish(tmp_path / "wine"):
        raise AssertionError("the block must not run")
    tmp_path.chmod(0o700)
