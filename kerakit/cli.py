"""The `kerakit` command."""

import codecs
import io
import os
import pathlib
import sys
import warnings
from typing import Literal

import tyro

from kerakit import __version__
from kerakit.checks import check, check_choice, check_int
from kerakit.errors import ArgumentError, DataError, ExportError
from kerakit.workflow import exit_code, import_quietly
from kerakit.workflow.jobs import JOBS, describe, load_recipe

__all__ = ["main"]


Positional = tyro.conf.Positional
Listed = Literal["builders", "presets", "backbones", "datasets"]
# Names for what goes by its place, no `--no-...` of a flag, and no word that means "not given".
_FLAGS = (
    tyro.conf.PositionalMetavarFromFieldName,
    tyro.conf.FlagCreatePairsOff,
    tyro.conf.DisallowNone,
)


def list_(what: Positional[Listed]) -> None:
    """Show what there is.

    Args:
        what: builders, presets, backbones or datasets.
    """
    lists = {
        "builders": _builders,
        "presets": _presets,
        "backbones": _backbones,
        "datasets": _datasets,
    }
    rows = lists[what]()
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:{width}}  {text}")


def predict(
    path: Positional[str],
    csv: str,
    out: str,
    batch_size: int = 4096,
    columns: str | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    na_values: str | None = None,
) -> None:
    """Score a CSV or Parquet file with an exported model.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
        csv: the file to score; it has the columns of the training data.
        out: the CSV or Parquet file to write, one column per output.
        batch_size: rows at a time.
        columns: names of the columns of a file without a header, with commas between.
        separator: the character between fields, or tab; by default it is found.
        encoding: encoding of the file, such as latin-1; by default utf-8.
        na_values: what stands for a missing value, with commas between; by default as in training.
    """
    from kerakit.serving.contract.versions import version_folder

    # What can be told without TensorFlow is told before it is imported, which takes seconds.
    version_folder("predict", path)
    check_int("predict", "batch_size", batch_size, minimum=1)
    text = _layout(csv, columns, separator, encoding, na_values)
    # TensorFlow imports Keras where it can; an export does without, and starts twice as fast.
    sys.modules.setdefault("keras", None)  # pyright: ignore[reportArgumentType]
    import_quietly("tensorflow")
    from kerakit.serving import predict_csv

    rows = predict_csv(path, csv, out, batch_size=batch_size, **text)
    print(f"{rows} rows scored to {out}")


def verify(path: Positional[str], url: str | None = None) -> None:
    """Prove that an exported model answers as measured: in a fresh process, or on a server.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
        url: ask a running server instead: http://HOST:8501/v1/models/NAME.
    """
    from kerakit.serving import verify as check_export
    from kerakit.serving.contract.versions import version_folder

    version_folder("verify", path)
    report = check_export(path, url=url, verbose=0)
    print(report)
    if not report.ok:
        where = "" if url is None else f" at {url}"
        raise ExportError(f"{path} does not answer as measured{where}; see the table above.")


def serving_config(
    directory: Positional[str],
    labels: bool = False,
    base_path: str | None = None,
    docker: bool = False,
    image: str | None = None,
) -> None:
    """Print a server's models.config, or a compose.yaml, for all models in a folder.

    Args:
        directory: the folder of the models, saved_models.
        labels: label the newest version of each model canary, the one before it stable.
        base_path: where the server sees the folder; by default here, with --docker /models.
        docker: print a compose.yaml instead, with the docker run line in its comments.
        image: with --docker, the server's image; by default a fixed release.
    """
    from kerakit.serving.deploy.compose import IMAGE, compose_file
    from kerakit.serving.deploy.models_config import serving_config as models_config

    if image is not None and not docker:
        raise ArgumentError("--image goes with --docker, which is not given.")
    settings = {"labels": labels, "base_path": base_path}
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        if docker:
            text = compose_file(directory, image=IMAGE if image is None else image, **settings)
        else:
            text = models_config(directory, **settings)
    for note in notes:
        print(f"note: {note.message}", file=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The server reads UTF-8, whatever the encoding of the terminal.
        sys.stdout.reconfigure(encoding="utf-8")
    print(text, end="")


def train(arguments: Positional[tuple[str, ...]]) -> None:
    """Train, evaluate and export a model; `kerakit train --help` lists the jobs.

    Args:
        arguments: the job, and its flags.
    """
    if not arguments:
        jobs = ", ".join(JOBS)
        raise ArgumentError(f"kerakit train needs a JOB: kerakit train JOB --help. Jobs: {jobs}.")
    job, *flags = arguments
    if job in ("-h", "--help"):
        print(_train_help())
        return
    check_choice("kerakit train", "JOB", job, JOBS)
    load_recipe(job).main(flags)


def main() -> None:
    """Run the `kerakit` command; exit with 0, 1 (failed), 2 (bad input) or 130 (interrupted)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.argv[1:2] == ["--version"]:
        print(f"kerakit {__version__}")
        sys.exit(0)
    if sys.argv[1:2] == ["train"]:
        # The flags after the job are the recipe's, which reads them itself.
        sys.exit(exit_code(lambda: train(tuple(sys.argv[2:]))))
    app = tyro.extras.SubcommandApp()
    app.command(train)
    app.command(name="list")(list_)
    app.command(predict)
    app.command(verify)
    app.command(serving_config)

    def action():
        app.cli(
            prog="kerakit",
            description="The kerakit command. --version prints its version.",
            config=_FLAGS,
        )

    sys.exit(exit_code(action, interrupted="Nothing was written."))


def _layout(csv, columns, separator, encoding, na_values):
    """Check how the text of the file to score is laid out; return it for `predict_csv`."""
    given = {
        "columns": columns,
        "separator": separator,
        "encoding": encoding,
        "na_values": na_values,
    }
    given = {flag: value for flag, value in given.items() if value is not None}
    path = pathlib.Path(csv)
    if not path.is_file():
        what = "is no file" if path.exists() else "does not exist"
        raise DataError(f"{csv} {what}. --csv takes the file to score.")
    spare = [flag for flag in given if flag != "na_values"]
    if spare and path.suffix.lower() in (".parquet", ".pq"):
        raise ArgumentError(f"--{spare[0]} is about text, and {csv} is a Parquet file.")
    if na_values is not None:
        given["na_values"] = tuple(marker.strip() for marker in na_values.split(","))
    if columns is not None:
        given["columns"] = tuple(name.strip() for name in columns.split(","))
        check(all(given["columns"]), "predict", "columns", "names with commas between", columns)
    if separator is not None:
        given["separator"] = "\t" if separator in ("tab", r"\t") else separator
        one = len(given["separator"]) == 1
        check(one, "predict", "separator", "one character, or tab", separator)
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            check(False, "predict", "encoding", "the name of an encoding", encoding)
    return given


def _train_help() -> str:
    width = max(map(len, JOBS))
    jobs = "\n".join(f"  {job:{width}}  {describe(job)}" for job in JOBS)
    return (
        "usage: kerakit train JOB [FLAGS]\n\n"
        "Train, evaluate and export a model. `kerakit train JOB --help` lists the flags of a job."
        f"\n\njobs:\n{jobs}"
    )


def _first_line(thing):
    return (thing.__doc__ or "").strip().splitlines()[0]


def _builders():
    import_quietly()
    import kerakit.builders as builders

    return [(name, _first_line(getattr(builders, name))) for name in builders.__all__]


def _presets():
    import_quietly()
    from kerakit.presets.table import PRESETS

    return [(p.name, f"{p.reason} [{p.source}]") for p in PRESETS.values()]


_INPUTS = {
    "tf": "input x / 127.5 - 1",
    "torch": "input (x / 255 - mean) / std",
    "caffe": "input BGR minus the channel means",
    "lite": "input (x - 127) / 128",
    "inside": "input 0 to 255",
}


def _backbones():
    from kerakit.builders.pretrained.backbones.registry import BACKBONES

    rows = []
    for b in BACKBONES.values():
        top_1 = "  - " if b.top_1 is None else f"{b.top_1:4.1f}"
        size = f"{b.size} pixels, {b.parameters / 1e6:6.2f} million parameters"
        rows.append((b.name, f"{size}, top-1 {top_1} %, {_INPUTS[b.mode]}"))
    return rows


def _datasets():
    from kerakit.data.builtin.load import list_builtin

    entries = list_builtin().values()
    return [(e.name, f"{e.title}, {e.rows} rows, {e.task}") for e in entries]
