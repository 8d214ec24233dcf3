"""The `kerakit` command."""

import os
import sys
from typing import Literal

import tyro

from kerakit.recipe import exit_code, import_quietly

__all__ = ["main"]


Positional = tyro.conf.Positional
Listed = Literal["builders", "presets", "datasets"]


def list_(what: Positional[Listed]):
    """Show what there is.

    Args:
        what: builders, presets or datasets.
    """
    rows = {"builders": _builders, "presets": _presets, "datasets": _datasets}[what]()
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:{width}}  {text}")


def predict(path: Positional[str], csv: str, out: str):
    """Score a CSV or Parquet file with an exported model.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
        csv: the file to score; it has the columns of the training data.
        out: the CSV file to write, one column per output.
    """
    import_quietly()
    from kerakit.serving import predict_csv

    rows = predict_csv(path, csv, out)
    print(f"{rows} rows scored to {out}")


def verify(path: Positional[str]):
    """Load an exported model in a fresh process and prove that it answers as measured.

    Args:
        path: the exported version's folder, saved_models/NAME/VERSION.
    """
    from kerakit.errors import ExportError
    from kerakit.serving import verify as check

    report = check(path, verbose=0)
    print(report)
    if not report.ok:
        raise ExportError(f"{path} does not answer as it was measured; see the table above.")


def main():
    """Run the `kerakit` command; exit with 0, 1 (failed), 2 (bad input) or 130 (interrupted)."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    app = tyro.extras.SubcommandApp()
    app.command(list_, name="list")
    app.command(predict)
    app.command(verify)
    sys.exit(exit_code(lambda: app.cli(prog="kerakit", description="The kerakit command.")))


def _first_line(thing):
    return (thing.__doc__ or "").strip().splitlines()[0]


def _builders():
    import kerakit.builders as builders

    return [(name, _first_line(getattr(builders, name))) for name in builders.__all__]


def _presets():
    from kerakit.presets.table import PRESETS

    return [(p.name, f"{p.reason} [{p.source}]") for p in PRESETS.values()]


def _datasets():
    from kerakit.data.builtin import list_builtin

    entries = list_builtin().values()
    return [(e.name, f"{e.title}, {e.rows} rows, {e.task}") for e in entries]
