"""Memory and speed of loading folders of images: `python tests/benchmarks/image_loading.py`.

Makes folders of small JPEGs, loads each in a process of its own with a small memory cache
(so that the pixels go into a file), and prints the peak of its memory and how many images it
decoded per second of CPU time. The peak must not grow with the number of images.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

_LOAD = """
import sys, time
import tensorflow as tf
import kerakit as kk

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

start, before = time.process_time(), peak()
data = kk.load_images(sys.argv[1], cache_mb=float(sys.argv[2]), disk_mb=float(sys.argv[3]))
seconds, loaded = time.process_time() - start, peak()
for _ in data.batches("train", 256):
    pass
print(before, loaded, peak(), seconds)
"""


def make_folder(root, count, side):
    """Write `count` JPEGs of side `side` into two class folders."""
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(0)
    coarse = random.integers(0, 255, (64, 8, 8, 3)).astype("float32")
    images = tf.image.resize(coarse, (side, side), "bicubic")
    images = tf.cast(tf.clip_by_value(images, 0, 255), tf.uint8)
    encoded = [tf.io.encode_jpeg(image).numpy() for image in images]
    for number in range(count):
        path = root / "ab"[number % 2] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded[number % 64])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--cache-mb", type=float, default=8)
    config = parser.parse_args()
    print("images  where   imported MiB  loaded MiB  read once MiB  images / CPU s")
    for count in config.counts:
        with tempfile.TemporaryDirectory() as folder:
            make_folder(pathlib.Path(folder), count, config.side)
            for where, disk in (("file", 1e6), ("stream", 0)):
                command = [sys.executable, "-c", _LOAD, folder, str(config.cache_mb), str(disk)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                before, loaded, read, seconds = map(float, done.stdout.split())
                print(
                    f"{count:6d}  {where:6s}  {before:12.0f}  {loaded:10.0f}  {read:13.0f}"
                    f"  {count / seconds:14.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
