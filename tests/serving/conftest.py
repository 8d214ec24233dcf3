"""The small models of `serving_cases` and their exports, made once, when they are asked for."""

import os
import pathlib
import sys
from collections.abc import Mapping

import pytest

# Test modules take helpers from `serving_cases` and others beside them.
sys.path.append(str(pathlib.Path(__file__).parent))

from checking import CheckingProcess
from marks import needs
from sequence_cases import SEQUENCE_CASES, make_case
from serving_cases import CASES, QUANTILES, make_model, make_spec, make_table, once

from kerakit.serving import export


class Made(Mapping):
    """Values by key, each made when it is first asked for."""

    def __init__(self, keys, make):
        self._keys, self._make, self._made = tuple(keys), make, {}

    def __getitem__(self, key):
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def __iter__(self):
        return iter(self._keys)

    def __len__(self):
        return len(self._keys)


@pytest.fixture(scope="session")
def models():
    levels = {"quantiles": QUANTILES}
    return Made(CASES, lambda case: make_model(case, make_spec(case), levels=levels.get(case)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder of all processes of this run of pytest; a test only reads what is in it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    for name in ("cases", "sequences"):
        (folder / "shared" / name).mkdir(parents=True, exist_ok=True)
    return folder / "shared"


@pytest.fixture(scope="session")
def exports(models, shared):
    """One export of each case, not verified."""

    def make_run(path):
        path.mkdir()
        (path / "metrics.json").write_text('{"test": {"rmse": 0.5, "r2": NaN}, "baseline": {}}')
        (path / "config.json").write_text('{"preset": "regression", "seed": 11}')

    run_dir = once(shared / "cases" / "run", make_run)

    def make(case):
        spec = make_spec(case)
        options = {"examples": make_table(spec), "verify": False}
        options["run_dir"] = run_dir if case == "regression" else None
        path = shared / "cases" / case
        return once(path, lambda path: export(models[case], spec, path, **options)) / "1"

    return Made(CASES, make)


@pytest.fixture(scope="session")
def sequences():
    """`(model, spec, table)` of each case of windows, series, texts and tags."""
    return Made(SEQUENCE_CASES, make_case)


@pytest.fixture(scope="session")
@needs("export")
def sequence_exports(sequences, shared):
    """One export of each of these."""

    def make(case):
        def exported(path):
            model, spec, table = sequences[case]
            export(model, spec, path, examples=table, verify=False)

        return once(shared / "sequences" / case, exported) / "1"

    return Made(SEQUENCE_CASES, make)


@pytest.fixture(scope="session")
@needs("process")
def checking():
    """A process that checks the exports of all tests; `checking(path)` returns the report."""
    process = CheckingProcess()
    yield process
    process.close()


@pytest.fixture(scope="session")
def failed(checking):
    """`failed(path)` returns the details of the checks that fail, by name."""
    return lambda path: {
        check.name: check.detail for check in checking(path).checks if not check.ok
    }


@pytest.fixture
def one_process(checking, monkeypatch):
    """`verify`, and the check at the end of `export`, ask the process that all tests share."""
    monkeypatch.setattr("kerakit.serving.verifying.verify.run_checks", checking)
