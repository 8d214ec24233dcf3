"""Full disks and kills: what was there stays, and nothing half-written is left."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from marks import needs
from serving_cases import make_spec, make_table

from kerakit.errors import ExportError
from kerakit.serving import export
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.contract.versions import flaw_of


@pytest.fixture
@needs("process")
def tiny_disk(tmp_path):
    """A file system of 1.5 MB, mounted for the test."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_moment_leaves_nothing(models, tmp_path, tiny_disk):
    """However little room there is, the old version stays, whole and alone."""
    spec = make_spec("binary")
    arguments = {"examples": make_table(spec), "verify": False}
    first = export(models["binary"], spec, tiny_disk / "m", **arguments)
    before = sorted(path.name for path in first.rglob("*"))
    parts = {}
    for free in range(0, 400, 20):
        filler = tiny_disk / "filler"
        filler.write_bytes(b"")
        disk = os.statvfs(tiny_disk)
        filler.write_bytes(bytes(disk.f_bavail * disk.f_frsize - 1024 * free))
        try:
            last = export(models["binary"], spec, tiny_disk / "m", **arguments)
        except ExportError as error:
            assert "the disk is full" in str(error)
            parts[free] = error.__cause__
            assert sorted(p.name for p in (tiny_disk / "m").iterdir()) == ["1"]
            assert sorted(path.name for path in first.rglob("*")) == before
        else:
            break
    assert last.name == "2" and sorted(path.name for path in last.rglob("*")) == before
    # It was full while TensorFlow wrote, and while we did.
    assert len({type(cause) for cause in parts.values()}) >= 2, parts


def test_a_disk_that_cannot_be_written_is_named(models, tiny_disk):
    spec = make_spec("binary")
    export(models["binary"], spec, tiny_disk / "m", examples=make_table(spec), verify=False)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    for base in ("m", "new"):
        with pytest.raises(ExportError, match="cannot be written to .*Read-only file system"):
            export(models["binary"], spec, tiny_disk / base, examples=make_table(spec))
    assert sorted(p.name for p in tiny_disk.iterdir()) == ["m"]
    assert [p.name for p in (tiny_disk / "m").iterdir()] == ["1"]


EXPORTS = """
import sys
sys.path.append(sys.argv[1])
from serving_cases import make_model, make_spec, make_table
from kerakit.serving import export
spec = make_spec("binary")
model = make_model("binary", spec)
while True:
    export(model, spec, sys.argv[2], examples=make_table(spec), verify=False)
    print("next", flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_versions_alone(models, tmp_path):
    """Versions grow, each whole and with its own number; the next export sweeps up."""
    base, spec = tmp_path / "m", make_spec("binary")
    random = np.random.default_rng(0)
    known, swept = 0, 0
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORTS, str(pathlib.Path(__file__).parents[1]), str(base)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdout.readline()
        time.sleep(random.uniform(0.0, 1.5))
        process.kill()
        process.wait()
        names = [path.name for path in base.iterdir()]
        numbers = sorted(int(name) for name in names if not name.startswith("."))
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > known
        known = len(numbers)
        for number in numbers:
            assert flaw_of(base / str(number)) == ""
            assert read_manifest(base / str(number))["version"] == number
        swept += any(name.startswith(".tmp-") for name in names)
    assert swept, "no kill came in the middle of an export"
    last = export(models["binary"], spec, base, examples=make_table(spec))
    assert sorted(base.iterdir()) == sorted(base / str(n + 1) for n in range(known + 1))
    assert last.name == str(known + 1)
