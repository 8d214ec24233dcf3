"""A folder in which the commands of the pages run as in a clone of the repository."""

import functools
import os
import shlex
import subprocess
import sys

from readme_files import write_files
from readme_text import REPOSITORY

KERAKIT = "import sys; sys.argv[0] = 'kerakit'; from kerakit.cli import main; main()"
PROGRAMS = {"python": [sys.executable], "kerakit": [sys.executable, "-c", KERAKIT]}


class Clone:
    """A temporary folder with the recipes, and the files that they show.

    Args:
        folder: `pathlib.Path`, empty.
        excerpts: dict from file to its first lines.

    Attributes:
        folder: `pathlib.Path`.
    """

    def __init__(self, folder, excerpts):
        self.folder = folder.resolve()
        (folder / "recipes").symlink_to(REPOSITORY / "recipes")
        write_files(folder, excerpts)

    def words(self, command):
        """The words of a command, as the shell would give them."""
        return [word.replace("$PWD", str(self.folder)) for word in shlex.split(command)]

    def run(self, command):
        """Run a `python` or `kerakit` command; return what it printed, once it exited with 0."""
        program, *flags = self.words(command)
        done = subprocess.run(
            [*PROGRAMS[program], *flags],
            cwd=self.folder,
            env={**os.environ, "MPLBACKEND": "agg"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    @functools.cached_property
    def diabetes(self):
        """What the first recipe printed; it has exported `saved_models/diabetes/1`."""
        return self.run("python recipes/tabular_regression.py")
