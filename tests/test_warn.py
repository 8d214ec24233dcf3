"""A warning names the user's line, however deep in kerakit it arises."""

import importlib.util
import warnings

import kerakit
from kerakit.warn import warn


def test_a_warning_names_the_line_that_called():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn("three rows are left out")
    assert caught[0].filename == __file__ and caught[0].category is UserWarning
    assert str(caught[0].message) == "three rows are left out"


def test_frames_of_the_package_are_passed_over():
    """Code that stands in the package, three calls deep."""
    path = kerakit.__path__[0] + "/somewhere/deep.py"
    source = (
        "from kerakit.warn import warn\n"
        "def inner(): warn('deep')\n"
        "def middle(): inner()\n"
        "def outer(): middle()\n"
    )
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("deep", None))
    exec(compile(source, path, "exec"), module.__dict__)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module.outer()
    assert caught[0].filename == __file__


def test_each_line_of_the_user_warns_once_by_default():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            warn("the same")
        warn("the same")
    assert len(caught) == 2
