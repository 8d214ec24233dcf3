"""The package as a whole: its names, its cost to import, its command."""

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


def command(*flags):
    code = f"import sys; sys.argv = ['kerakit', *{flags!r}]; from kerakit.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_command_lists_what_there_is():
    assert "mlp_regressor" in command("list", "builders").stdout
    assert "arXiv:1412.6980" in command("list", "presets").stdout
    assert "breast_cancer" in command("list", "datasets").stdout


def test_the_command_refuses_what_is_not_there(tmp_path):
    done = command("verify", str(tmp_path / "nothing"))
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "nothing" in done.stderr
    assert command("frobnicate").returncode == 2


def test_help_is_quick_and_leaves_tensorflow_alone():
    code = (
        "import sys, time; sys.argv = ['kerakit', '--help']\n"
        "from kerakit.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "assert 'tensorflow' not in sys.modules\n"
        "print('cpu', time.process_time())"
    )
    out = python(code)
    assert "verify" in out and float(out.split()[-1]) < 0.7
