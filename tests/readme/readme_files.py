"""The files that README.md names: what it shows of each, and more of the same."""

import csv
import datetime

import numpy as np
from PIL import Image

import kerakit as kk

ROWS = 80  # of a table
STEPS = 720  # of a series: 30 days of hours
EACH = 24  # examples of a class


def write_files(folder, excerpts):
    """Write every file of which `excerpts` has the first lines, and `in.csv`."""
    for name, lines in excerpts.items():
        GROW[name](folder / name, lines, np.random.default_rng(0))
    table = kk.load_builtin("diabetes").table("test")
    columns = {name: values[:12] for name, values in table.features.items()}
    rows = zip(*columns.values(), strict=True)
    write_rows(folder / "in.csv", [list(columns), *rows])


def write_rows(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def table(path, lines, random):
    """Rows whose columns all follow from one hidden number, and so from each other."""
    header, *shown = csv.reader(lines)
    columns = []
    hidden = random.uniform(0, 1, ROWS)
    for values in zip(*shown, strict=True):
        known = sorted({value for value in values if value})
        noisy = np.clip(hidden + random.normal(0, 0.05, ROWS), 0, 1)
        try:
            low, high = min(map(float, known)), max(map(float, known))
        except ValueError:
            columns.append([known[int(x * (len(known) - 1e-9))] for x in noisy])
            continue
        digits = max(len(value.partition(".")[2]) for value in known)
        columns.append([f"{low + x * (high - low):.{digits}f}" for x in noisy])
    write_rows(path, [header, *shown, *zip(*columns, strict=True)])


def pictures(folder, paths, random):
    """Pictures of two sizes, those of each class of a brightness of their own."""
    for number, name in enumerate(paths):
        path = folder.parent / name
        path.parent.mkdir(parents=True)
        for count in range(1, EACH + 1):
            pixels = random.normal(60 + 120 * number, 30, (32, 32 + 8 * (count % 2), 3))
            image = Image.fromarray(np.clip(pixels, 0, 255).astype("uint8"))
            image.save(path.with_stem(str(count)))
        assert path.exists()


def series(path, lines, random):
    """A value for each step, that follows the hour of the day."""
    header, *shown = csv.reader(lines)
    times = [datetime.datetime.fromisoformat(time) for time, _ in shown]
    rows = list(shown)
    for step in range(len(shown), STEPS):
        time = times[0] + step * (times[1] - times[0])
        value = float(shown[0][1]) + 60 * np.sin(time.hour * np.pi / 12) + random.normal(0, 4)
        rows.append([time.strftime("%Y-%m-%d %H:%M"), f"{value:.1f}"])
    write_rows(path, [header, *rows])


def labelled(path, lines, random):
    """Series of unequal lengths, each like that of its class."""
    start = lines.index("@data") + 1
    more = []
    for line in lines[start:] * EACH:
        values, label = line.split(":")
        values = np.array(values.split(","), float)
        steps = np.linspace(0, len(values) - 1, random.integers(12, 20))
        like = np.interp(steps, np.arange(len(values)), values) + random.normal(0, 0.1, len(steps))
        more.append(",".join(f"{value:.2f}" for value in like) + f":{label}")
    path.write_text("\n".join(lines + more) + "\n")


def texts(path, lines, random):
    """The words of each text again and again, in another order."""
    header, *shown = csv.reader(lines)
    more = []
    for text, label in shown * EACH:
        words = random.permutation(text.split())
        more.append([f"{' '.join(words)} {len(more)}", label])
    write_rows(path, [header, *shown, *more])


def sentences(path, lines, random):
    """The sentences again, each with numbered words of its own and in another order."""
    shown = [part.splitlines() for part in "\n".join(lines).split("\n\n")]
    more = []
    for number, words in enumerate(shown * EACH):
        pairs = [word.split(" ") for word in random.permutation(words)]
        more.append([f"{token}{number % 9} {tag}" for token, tag in pairs])
    path.write_text("\n\n".join("\n".join(words) for words in shown + more) + "\n")


GROW = {
    "wine.csv": table,
    "photos/": pictures,
    "load.csv": series,
    "gestures.ts": labelled,
    "mail.csv": texts,
    "words.conll": sentences,
}
