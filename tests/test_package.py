"""The package as a whole: its names, and its cost to import."""

import subprocess
import sys

import pytest

import kerakit as kk


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


def test_importing_is_cheap_and_pulls_in_nothing():
    code = (
        "import sys, time; start = time.process_time(); import kerakit\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'sklearn', 'pyarrow'} & set(sys.modules)\n"
        "print(time.process_time() - start, heavy)"
    )
    seconds, heavy = python(code).split(maxsplit=1)
    assert float(seconds) < 0.1 and heavy.strip() == "set()"


def test_loading_a_table_does_not_wait_for_tensorflow():
    code = (
        "import sys, kerakit as kk; data = kk.load_builtin('iris')\n"
        "print(len(data.table('train')), 'tensorflow' in sys.modules)"
    )
    assert python(code).split() == ["96", "False"]
