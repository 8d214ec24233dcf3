"""The package as a whole: its names, and its cost to import."""

import ast
import configparser
import importlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata

import pytest
from marks import needs

import kerakit as kk

REPOSITORY = pathlib.Path(__file__).parents[1]

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


# What a bare `pip install kerakit` brings, and the wheel itself.


def bare_modules():
    """The top-level modules of the distributions that the package requires, and theirs."""
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")
    todo = [_name(line) for line in settings["options"]["install_requires"].split("\n") if line]
    installed = {_name(found.metadata["Name"]): found for found in metadata.distributions()}
    required = set()
    while todo:
        name = todo.pop()
        if name in installed and name not in required:
            required.add(name)
            lines = installed[name].requires or []
            todo += [_name(line) for line in lines if "extra ==" not in line]
    owners = metadata.packages_distributions().items()
    return {module for module, names in owners if required & set(map(_name, names))}


def _name(requirement):
    """The normalised name in a requirement, such as `scikit-learn` of `scikit_learn >= 1.5`."""
    return re.sub(r"[-_.]+", "-", re.match(r"\s*([\w.-]+)", requirement)[1]).lower()


@pytest.mark.many
def test_every_import_is_required():
    """A bare install runs all recipes: no module needs what only an extra brings.

    The room of an integration imports the package that it is named after, once it is needed.
    """
    known = bare_modules() | set(sys.stdlib_module_names) | {"kerakit"}
    known.add("pandas")  # evaluation/baselines/custom.py names it in the error of its absence
    known.add("standalone")  # a folder of kerakit.serving, which a fresh process imports by itself
    wrong = []
    for path in [*(REPOSITORY / "kerakit").rglob("*.py"), *(REPOSITORY / "recipes").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            used = {name.partition(".")[0] for name in names}
            room = {path.parent.name} if path.parent.parent.name == "integrations" else set()
            wrong += [f"{path.relative_to(REPOSITORY)}: {name}" for name in used - known - room]
    assert not wrong


@pytest.fixture(scope="module")
@needs("process", "slow")
def wheel(tmp_path_factory):
    """The folder of an unpacked wheel, built from a copy of the sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("kerakit", "recipes"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", built, source]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = built.glob("kerakit-*.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(built / "unpacked")
    return built / "unpacked"


def test_the_wheel_holds_every_module_and_the_recipes(wheel):
    for folder in ("kerakit", "recipes"):
        target = wheel / "kerakit" if folder == "kerakit" else wheel / "kerakit" / folder
        for pattern in ("*.py", "*.pyi", "*.json", "py.typed"):
            for path in (REPOSITORY / folder).rglob(pattern):
                assert (target / path.relative_to(REPOSITORY / folder)).is_file(), path
    assert {path.name.partition("-")[0] for path in wheel.iterdir()} == {"kerakit"}
    (entry_points,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "kerakit = kerakit.cli:main" in entry_points.read_text()


def test_the_wheel_trains_in_an_empty_folder_without_any_extra(wheel, tmp_path):
    others = set(metadata.packages_distributions()) - bare_modules() - {"kerakit"}
    code = (
        "import sys\n"
        f"others = {others!r}\n"
        "class Refused:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in others:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Refused())\n"
        "sys.argv[0] = 'kerakit'\n"
        "from kerakit.cli import main\n"
        "main()\n"
    )
    flags = ["train", "tabular-regression", "--epochs", "3"]
    done = subprocess.run(
        [sys.executable, "-c", code, *flags],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "saved_models" / "diabetes" / "1" / "saved_model.pb").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "saved_models"}
