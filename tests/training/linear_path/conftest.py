"""Linear paths that are solved by themselves, without the epochs of a network."""

import pytest

from kerakit.training.linear_path.solve import finish_linear_path, solve_linear_path
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner


@pytest.fixture
def solve():
    """Solves the linear path as `fit` does before the first epoch and, with `finish`, after the
    last one; returns the lines that `fit` prints."""

    def solved(model, data, finish=False, **options):
        runner = Runner(model, data, FitOptions(owner="fit", epochs=1, **options))
        line = solve_linear_path(runner)
        return (line, finish_linear_path(runner)) if finish else line

    return solved
