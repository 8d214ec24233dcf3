"""`--tensorboard` of recipes: the standard callback, in the run's folder or another one."""

import importlib.util
import pathlib

import pytest
import tyro

from kerakit.errors import ArgumentError
from kerakit.workflow import tensorboard_callbacks
from kerakit.workflow.jobs import JOBS, load_recipe
from kerakit.workflow.run import check_tensorboard

MISSING = importlib.util.find_spec("tensorboard") is None
RUN = pathlib.Path("runs", "diabetes", "1")


def flags(*arguments, job="tabular-regression"):
    return tyro.cli(load_recipe(job).Config, args=arguments)


def test_the_flag_may_have_a_folder_behind_it():
    found = [flags(*words).tensorboard for words in ([], ["--tensorboard"], ["--tensorboard", "x"])]
    assert found == [None, "", "x"]
    assert flags("--tensorboard", "--epochs", "3").epochs == 3


def test_all_jobs_but_the_lessons_have_it():
    assert [job for job in JOBS if not hasattr(load_recipe(job).Config(), "tensorboard")] == [
        "fundamentals"
    ]


def test_the_folder_of_the_run_is_the_default():
    found = [tensorboard_callbacks(flags("--tensorboard", *words), RUN) for words in ([], ["x"])]
    assert [str(callback.log_dir) for (callback,) in found] == [str(RUN / "tensorboard"), "x"]
    assert tensorboard_callbacks(flags(), RUN) == []


@pytest.mark.skipif(not MISSING, reason="tensorboard is installed")
def test_a_missing_package_is_told():
    check_tensorboard(flags())
    with pytest.raises(ArgumentError, match=r"pip install 'kerakit\[tune\]'"):
        check_tensorboard(flags("--tensorboard"))


@pytest.mark.skipif(MISSING, reason="tensorboard is not installed: kerakit[tune]")
def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "logs"
    path.write_text("")
    with pytest.raises(ArgumentError, match="--tensorboard takes a folder"):
        check_tensorboard(flags("--tensorboard", str(path)))
