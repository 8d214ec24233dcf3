"""The package as a whole: its names, and its cost to import."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

import kerakit as kk

PACKAGES = ("kerakit", "kerakit.data", "kerakit.builders")


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_public_name_is_there_and_documented():
    for name in kk.__all__:
        value = getattr(kk, name)
        assert name == "PRESETS" or value.__doc__, name
    assert set(kk.__all__) <= set(dir(kk))
    with pytest.raises(AttributeError, match="no attribute 'mlp_regresor'"):
        kk.mlp_regresor  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_the_stub_has_the_names_of_the_package(package):
    """Each name comes from where the package takes it from, and `__all__` is the same."""
    module = importlib.import_module(package)
    stub = ast.parse(pathlib.Path(module.__file__).with_suffix(".pyi").read_text())
    imports = {
        alias.asname: (node.module, alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (listed,) = [
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    assert listed == module.__all__
    public = {name for name in dir(module) if name in imports or name in module.__all__}
    assert public == set(imports)
    for name, (home, original) in imports.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), original)


def test_a_star_import_leaves_pythons_compile_alone():
    names = {}
    exec("from kerakit import *", names)
    assert "compile" not in names and names["fit"] is kk.fit
    assert callable(kk.compile)


@pytest.mark.process
def test_importing_is_cheap_and_pulls_in_nothing():
    code = (
        "import sys, time; start = time.process_time(); import kerakit\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'sklearn', 'pyarrow'} & set(sys.modules)\n"
        "print(time.process_time() - start, heavy)"
    )
    seconds, heavy = python(code).split(maxsplit=1)
    assert float(seconds) < 0.1 and heavy.strip() == "set()"


@pytest.mark.process
def test_loading_a_table_does_not_wait_for_tensorflow():
    code = (
        "import sys, kerakit as kk; data = kk.load_builtin('iris')\n"
        "print(len(data.table('train')), 'tensorflow' in sys.modules)"
    )
    assert python(code).split() == ["96", "False"]
