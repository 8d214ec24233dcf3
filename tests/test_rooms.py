"""Folders and files stay small enough to know where one is."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
ROOMS = sorted({path.parent for path in (ROOT / "kerakit").rglob("*.py")})
MOST_FILES, MOST_LINES, MOST_LINES_OF_A_FILE = 14, 1_900, 300


def lines_of(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_a_room_is_not_crowded(room):
    files = sorted(room.glob("*.py"))
    assert len(files) <= MOST_FILES
    assert sum(map(lines_of, files)) <= MOST_LINES


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_a_room_says_what_it_is_for_and_a_file_what_it_is_about(room):
    for path in room.glob("*.py"):
        first = path.read_text(encoding="utf-8").splitlines()[:1]
        assert first and first[0].startswith('"""'), path
        assert (room / "__init__.py").is_file()


def test_a_file_reads_in_one_sitting():
    """A longer file gives the reason in its first lines: `Long because ...`."""
    long = [
        f"{path.relative_to(ROOT)}: {lines_of(path)} lines"
        for folder in ("kerakit", "recipes")  # the recipes are kerakit.recipes when installed
        for path in (ROOT / folder).rglob("*.py")
        if lines_of(path) > MOST_LINES_OF_A_FILE
        and "Long because" not in path.read_text(encoding="utf-8")[:600]
    ]
    assert not long, "\n".join(long)


def test_the_tests_mirror_the_rooms():
    """Every folder of tests has the name of a stage or room, or of what is no part of one."""
    apart = {"benchmarks", "readme", "recipes", "typing", "integrations"}
    stages = {path.name for path in (ROOT / "kerakit").iterdir() if path.is_dir()}
    for folder in (ROOT / "tests").rglob("test_*.py"):
        parts = folder.relative_to(ROOT / "tests").parts[:-1]
        if not parts or parts[0] in apart:
            continue
        assert parts[0] in stages, folder
        assert (ROOT / "kerakit").joinpath(*parts).is_dir(), folder
