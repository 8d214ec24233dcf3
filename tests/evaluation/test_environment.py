import importlib.metadata
import json
import platform

import keras
import numpy as np

from kerakit.evaluation import environment as function
from kerakit.evaluation.environment import _version


def test_versions_are_those_installed():
    values = function()
    assert values["numpy"] == np.__version__
    assert values["keras"] == keras.__version__
    assert values["tensorflow"] == importlib.metadata.version("tensorflow")
    assert values["python"] == platform.python_version()
    assert values["cpu_count"] >= 1
    json.dumps(values, allow_nan=False)


def test_a_package_that_is_not_installed_is_none(monkeypatch):
    import sys

    from kerakit.evaluation import environment  # noqa: F401 - the function hides the module

    module = sys.modules["kerakit.evaluation.environment"]
    monkeypatch.setitem(module._DISTRIBUTIONS, "absent", ("no-such-distribution",))
    assert _version("absent") is None
