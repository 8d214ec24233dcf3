"""Cost of the scan of image files before any is decoded: `python tests/benchmarks/image_scan.py`.

Makes a folder of small JPEG and PNG files, with and without EXIF blocks, and prints the CPU time
that `scan_images` takes for all of them: the SHA-256 of every file and its header. Beside it stands
the time of the SHA-256 alone. `--against FOLDER` names another checkout of kerakit, whose scan is
timed in turn with this one's, so that both see the machine in the same state.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

_ROOT = pathlib.Path(__file__).parents[2]
_SCAN = """
import hashlib, os, sys, time, types
from kerakit.data.images.scan import scan_images

root = sys.argv[1]
files = [types.SimpleNamespace(path=os.path.join(root, name), name=name)
         for name in sorted(os.listdir(root))]
for file in files:  # into the file system's cache, for both
    open(file.path, "rb").read()
scan_images(files[:64])
start = time.process_time()
scan = scan_images(files)
scanned = time.process_time()
for file in files:
    with open(file.path, "rb") as opened:
        hashlib.file_digest(opened, "sha256").digest()
hashed = time.process_time()
assert not scan.problems, scan.problems
assert {header.orientation for header in scan.headers} == set(range(1, 9))
print(scanned - start, hashed - scanned)
"""


def make_files(root, count, side):
    """Write `count` files: JPEG and PNG in turn, of every orientation, some with a preview."""
    import io

    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    contents = []
    for number in range(64):
        pixels = random.integers(0, 255, (8, 8, 3), np.uint8)
        image = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
        format, options = ("JPEG", "PNG")[number % 2], {}
        if number % 4 == 0:
            exif = Image.Exif()
            exif[0x0112] = 1 + number // 4 % 8
            exif[0x010F] = "kerakit"
            if number % 16 == 0:  # as cameras have it: an entry of the size of a preview
                exif[0x927C] = bytes(20_000)
            options["exif"] = exif
        if number % 8 == 2:
            options["icc_profile"] = bytes(500)
        file = io.BytesIO()
        image.save(file, format, **options)
        contents.append((f".{format.lower()}", file.getvalue()))
    for number in range(count):
        suffix, content = contents[number % len(contents)]
        (root / f"{number:06d}{suffix}").write_bytes(content)


def measure(checkout, folder):
    """Return the CPU seconds `(scan, SHA-256 alone)` of a checkout, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", _SCAN, folder]
    # `python -c` looks into the current folder first.
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=checkout
    )
    return tuple(map(float, done.stdout.split()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--against", type=pathlib.Path)
    config = parser.parse_args()
    checkouts = {"this checkout": _ROOT}
    if config.against is not None:
        checkouts["the other"] = config.against.resolve()
    print(f"CPU seconds for {config.count:,} files of {config.side} x {config.side} pixels")
    print("scan of         repeat  scan   SHA-256 alone")
    found = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        make_files(pathlib.Path(folder), config.count, config.side)
        for repeat in range(config.repeats):
            for name, checkout in checkouts.items():
                scan, hashed = measure(checkout, folder)
                found[name].append(scan)
                print(f"{name:14s}  {repeat + 1:6d}  {scan:5.2f}  {hashed:13.2f}", flush=True)
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    for name, seconds in medians.items():
        print(f"{name:14s}  median  {seconds:5.2f}")
    if len(medians) == 2:
        here, there = medians.values()
        print(f"this checkout takes {here / there:.2f} times the CPU time of the other")


if __name__ == "__main__":
    main()
