"""What the tests of the data stage share."""

import os
import pathlib

import pytest


@pytest.fixture(scope="session")
def test_data():
    """Folder of the real data sets, named by the environment; a test skips without it."""
    folder = os.environ.get("KERAKIT_TEST_DATA", "")
    if not folder or not pathlib.Path(folder).is_dir():
        pytest.skip("KERAKIT_TEST_DATA names no folder of real data sets")
    return pathlib.Path(folder)


@pytest.fixture
def write(tmp_path):
    """Write text (or bytes) to a file and return its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
