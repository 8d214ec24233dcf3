"""The small models of `serving_cases` and their exports, made once."""

import pathlib
import sys

import pytest

# Test modules take helpers from `serving_cases` beside them.
sys.path.append(str(pathlib.Path(__file__).parent))

from sequence_cases import SEQUENCE_CASES, make_case
from serving_cases import CASES, QUANTILES, make_model, make_spec, make_table

from kerakit.serving import export


@pytest.fixture(scope="session")
def models():
    levels = {"quantiles": QUANTILES}
    return {case: make_model(case, make_spec(case), levels=levels.get(case)) for case in CASES}


@pytest.fixture(scope="session")
def exports(models, tmp_path_factory):
    """One export of each case; that of `multiclass` was verified on the way."""
    base = tmp_path_factory.mktemp("saved_models")
    run_dir = base / "run"
    run_dir.mkdir()
    (run_dir / "metrics.json").write_text('{"test": {"rmse": 0.5, "r2": NaN}, "baseline": {}}')
    (run_dir / "config.json").write_text('{"preset": "regression", "seed": 11}')
    return {
        case: export(
            models[case],
            make_spec(case),
            base / case,
            examples=make_table(make_spec(case)),
            run_dir=run_dir if case == "regression" else None,
            verify=case == "multiclass",
        )
        for case in CASES
    }


@pytest.fixture(scope="session")
def sequences():
    """`(model, spec, table)` of each case of windows, series, texts and tags."""
    return {case: make_case(case) for case in SEQUENCE_CASES}


@pytest.fixture(scope="session")
def sequence_exports(sequences, tmp_path_factory):
    """One export of each of these."""
    base = tmp_path_factory.mktemp("saved_models")
    return {
        case: export(model, spec, base / case, examples=table, verify=False)
        for case, (model, spec, table) in sequences.items()
    }
