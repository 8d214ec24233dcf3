"""A folder to run README.md in."""

import pathlib
import sys

import pytest

# Test modules take helpers from beside them, and the stand-in server.
sys.path.append(str(pathlib.Path(__file__).parent))
sys.path.append(str(pathlib.Path(__file__).parents[1] / "serving" / "verifying" / "live"))

from clone import Clone
from readme_text import blocks, excerpts


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A `Clone` with the files of which README.md shows the first lines."""
    (shown,) = [excerpts(block) for block in blocks() if "==>" in block.text]
    return Clone(tmp_path_factory.mktemp("clone"), shown)
