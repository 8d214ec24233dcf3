"""Run folders: one number for a run and its export, found again to resume."""

import pytest

import kerakit as kk
from kerakit.files import write_json


def finished(run):
    write_json(run.folder / "metrics.json", {"seconds": {"total": 1.0}})


def open_run(folder, config=None, **options):
    paths = {"runs": folder / "runs", "out": folder / "out"}
    return kk.open_run("wine", config or {"epochs": 3}, **paths, **options)


def test_versions_count_on_from_both_places(tmp_path):
    (tmp_path / "out" / "wine" / "7").mkdir(parents=True)
    with open_run(tmp_path) as run:
        assert (run.name, run.version, run.resumed) == ("wine", 8, False)
        assert run.folder == tmp_path / "runs" / "wine" / "8"
        finished(run)
    with open_run(tmp_path) as run:
        assert run.version == 9


def test_an_unfinished_run_is_found_again(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_run(tmp_path) as run:
        raise KeyboardInterrupt
    with open_run(tmp_path) as again:
        assert (again.version, again.resumed) == (run.version, True)


def test_another_configuration_is_refused_unless_it_starts_afresh(tmp_path):
    with open_run(tmp_path) as run:
        (run.folder / "checkpoint.npz").write_bytes(b"an epoch")
    with (
        pytest.raises(kk.RunError, match="epochs was 3, is 4"),
        open_run(tmp_path, {"epochs": 4}),
    ):
        pass
    with open_run(tmp_path, {"epochs": 4}, resume=False) as run:
        assert run.version == 2


def test_a_run_that_never_trained_takes_any_configuration(tmp_path):
    with open_run(tmp_path):
        pass
    with open_run(tmp_path, {"epochs": 4}) as run:
        assert (run.version, run.resumed) == (1, True)
    with open_run(tmp_path, {"epochs": 4}) as run:
        assert (run.folder / "config.json").read_text().count("4") == 1


def test_a_run_at_the_same_time_takes_the_next_number(tmp_path):
    with open_run(tmp_path) as first, open_run(tmp_path) as second:
        assert (first.version, second.version) == (1, 2)


def test_a_run_that_was_overtaken_follows_its_export(tmp_path):
    with open_run(tmp_path) as run:
        base = tmp_path / "out" / "wine"
        assert run.export_version(base) == 1
        (base / "4").mkdir(parents=True)
        version = run.export_version(base)
        assert version == 5
        run.follow(version)
        assert run.folder == tmp_path / "runs" / "wine" / "5" and run.folder.is_dir()
    assert not (tmp_path / "runs" / "wine" / "1").exists()


def test_nothing_is_left_of_a_run_that_was_refused(tmp_path):
    with pytest.raises(kk.ArgumentError), open_run(tmp_path):
        raise kk.ArgumentError("a wrong value")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "../up", ".hidden", "a b"])
def test_names_that_cannot_be_served_are_refused(name, tmp_path):
    with (
        pytest.raises(kk.ArgumentError, match="'name'"),
        kk.open_run(name, {}, tmp_path / "runs", tmp_path / "out"),
    ):
        pass


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    words = "out' of open_run must be a folder"
    with pytest.raises(kk.ArgumentError, match=words), open_run(tmp_path):
        pass
    assert not (tmp_path / "runs").exists()
