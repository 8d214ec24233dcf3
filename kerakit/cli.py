"""The `kerakit` command."""

import codecs
import inspect
import io
import os
import pathlib
import sys
import warnings
from collections.abc import Collection
from typing import Any, Literal

import tyro

from kerakit import __version__
from kerakit.checks import check, check_choice, check_int
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.files.plain_text import check_file
from kerakit.errors import ArgumentError, DataError, ExportError
from kerakit.status import status
from kerakit.workflow import exit_code, import_quietly
from kerakit.workflow.flags.names import flags_of
from kerakit.workflow.flags.values import parse_character, split_commas
from kerakit.workflow.jobs import JOBS, describe, load_recipe
from kerakit.workflow.listing import LISTS

__all__ = ["main"]


Positional = tyro.conf.Positional
Listed = Literal["builders", "presets", "backbones", "datasets"]
# Positional arguments are shown by their names, a flag has no `--no-...` form, and no text means
# "not given".
_FLAGS = (
    tyro.conf.PositionalMetavarFromFieldName,
    tyro.conf.FlagCreatePairsOff,
    tyro.conf.DisallowNone,
)


def list_(what: Positional[Listed]) -> None:
    """Show the builders, presets, backbones or built-in data sets.

    Args:
        what: builders, presets, backbones or datasets.
    """
    rows = LISTS[what]()
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
    quote: str | None = None,
    encoding: str | None = None,
    na_values: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    keep: str | None = None,
) -> None:
    """Score a file of CSV, JSON lines or Parquet with an exported model.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
        csv: the file to score, with the columns of the training data. For a forecaster it has one
            row for each step of time, and the steps after its last row are forecast.
        out: the CSV or Parquet file to write, with one column for each output.
        batch_size: number of rows that are scored at a time.
        columns: column names of a file without a header, separated by commas.
        separator: the character between fields, or tab. Default: it is detected.
        quote: the character around fields that hold separators, or none. Default: ".
        encoding: encoding of the file, such as latin-1. Default: utf-8.
        na_values: strings that stand for a missing value beside NA and the like, separated by
            commas. "" stands for empty cells alone. Default: those of the training.
        decimal: the character before the fraction of a number. Default: that of the training.
        thousands: the character between thousands. Default: that of the training.
        keep: columns of the file to copy before the answers, such as an id, separated by commas.
    """
    from kerakit.serving.contract.versions import version_folder

    # Errors that do not need TensorFlow come before its import, which takes seconds.
    version_folder("predict", path)
    check_int("predict", "batch_size", batch_size, minimum=1)
    options = _csv_options(csv, columns, separator, encoding, na_values)
    if quote is not None:
        options["quote"] = parse_character(quote)
    numbers = {"decimal": decimal, "thousands": thousands}
    options |= {name: value for name, value in numbers.items() if value is not None}
    NumberFormat.checked("predict", decimal or ".", thousands)
    if keep is not None:
        options["keep"] = split_commas(keep)
        check(all(options["keep"]), "predict", "keep", "names with commas between", keep)
    # TensorFlow imports Keras if it can. An export does not need Keras, and loads twice as fast
    # without it.
    sys.modules.setdefault("keras", None)  # pyright: ignore[reportArgumentType]
    import_quietly("tensorflow")
    from kerakit.serving import predict_csv

    rows = predict_csv(path, csv, out, batch_size=batch_size, **options)
    print(f"{rows} rows scored to {out}")


def verify(path: Positional[str], url: str | None = None) -> None:
    """Check that an exported model answers as measured, in a fresh process or on a server.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
        url: check the model of a running server: http://HOST:8501/v1/models/NAME.
    """
    from kerakit.serving import verify as check_export
    from kerakit.serving.contract.versions import version_folder

    version_folder("verify", path)
    with status(f"Checking {path}"):
        report = check_export(path, url=url, verbose=False)
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
        labels: label the newest version of each model canary and the version before it stable.
        base_path: path of the folder on the server. Default: its path here; /models with --docker.
        docker: print a compose.yaml instead, with the docker run line in its comments.
        image: image of the server, with --docker. Default: a fixed release.
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


def tune(arguments: Positional[tuple[str, ...]]) -> None:
    """Search for better flags of a job; `kerakit tune --help` lists the jobs.

    Args:
        arguments: the job, and its flags.
    """
    from kerakit.integrations.keras_tuner.command import BUILDERS, tune_job

    if not arguments:
        jobs = ", ".join(BUILDERS)
        raise ArgumentError(f"kerakit tune needs a JOB: kerakit tune JOB --trials N. Jobs: {jobs}.")
    job, *flags = arguments
    if job in ("-h", "--help"):
        print(_tune_help(BUILDERS))
        return
    tune_job(job, flags)


def main() -> None:
    """Run the `kerakit` command; exit with 0, 1 (failed), 2 (bad input) or 130 (interrupted)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.argv[1:2] == ["--version"]:
        sys.exit(exit_code(lambda: print(f"kerakit {__version__}")))
    if sys.argv[1:2] == ["train"]:
        # The flags after the job are the recipe's, which reads them itself.
        sys.exit(exit_code(lambda: train(tuple(sys.argv[2:]))))
    if sys.argv[1:2] == ["tune"]:
        sys.exit(exit_code(lambda: tune(tuple(sys.argv[2:]))))
    app = tyro.extras.SubcommandApp()
    app.command(train)
    app.command(tune)
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

    commands = {"list": list_, "predict": predict, "verify": verify}
    command = {**commands, "serving-config": serving_config}.get(
        sys.argv[1] if sys.argv[1:] else ""
    )
    names = inspect.signature(command).parameters if command is not None else ()
    sys.exit(
        exit_code(
            action,
            interrupted="Nothing was written.",
            flags=flags_of(names, positional=("path", "directory")),
        )
    )


def _csv_options(
    csv: str,
    columns: str | None,
    separator: str | None,
    encoding: str | None,
    na_values: str | None,
) -> dict[str, Any]:
    """Check the flags about the file to score; return the keyword arguments of `predict_csv`."""
    path = pathlib.Path(csv)
    if not path.is_file():
        problem = "is no file" if path.exists() else "does not exist"
        raise DataError(f"{csv} {problem}. --csv takes the file to score.")
    check_file(path, "a file of CSV, JSON lines or Parquet")
    text_flags = {"columns": columns, "separator": separator, "encoding": encoding}
    options: dict[str, Any] = {k: v for k, v in text_flags.items() if v is not None}
    if options and path.suffix.lower() in (".parquet", ".pq"):
        flag = next(iter(options))
        raise ArgumentError(f"--{flag} is about text, and {csv} is a Parquet file.")
    if na_values is not None:
        options["na_values"] = split_commas(na_values)
    if columns is not None:
        names = split_commas(columns) or ()
        options["columns"] = names
        check(all(names), "predict", "columns", "names with commas between", columns)
    if separator is not None:
        options["separator"] = "\t" if separator in ("tab", r"\t") else separator
        is_one = len(options["separator"]) == 1
        check(is_one, "predict", "separator", "one character, or tab", separator)
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            check(False, "predict", "encoding", "the name of an encoding", encoding)
    return options


def _train_help() -> str:
    return (
        "usage: kerakit train JOB [FLAGS]\n\n"
        "Train, evaluate and export a model. `kerakit train JOB --help` lists the flags of a job."
        f"\n\njobs:\n{_listed(JOBS)}"
    )


def _tune_help(jobs: Collection[str]) -> str:
    return (
        "usage: kerakit tune JOB --trials N [FLAGS]\n\n"
        "Train N models with different flags; evaluate and export the one that validates best. "
        f"`kerakit tune JOB --help` lists the flags of a job.\n\njobs:\n{_listed(jobs)}"
    )


def _listed(jobs: Collection[str]) -> str:
    width = max(map(len, jobs))
    return "\n".join(f"  {job:{width}}  {describe(job)}" for job in jobs)
