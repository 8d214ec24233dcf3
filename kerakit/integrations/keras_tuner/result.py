"""`TuneResult`: what a search found, and the table of its trials."""

from __future__ import annotations

import dataclasses
import importlib.util
import pathlib
from typing import TYPE_CHECKING, Any

from kerakit.errors import ArgumentError, RunError
from kerakit.html_table import html_table

if TYPE_CHECKING:
    import keras
    import pandas

__all__ = ["Trial", "TuneResult", "in_words"]

SHOWN = 10  # trials of the table as text


@dataclasses.dataclass(frozen=True)
class Trial:
    """One trial of a search.

    Attributes:
        number: int. Trials are counted from 1, in the order in which they began.
        values: dict from argument to the value that was tried.
        loss: float, or `None` where the trial failed. The validation loss of the trained model,
            without penalties.
        epochs: int, or `None`.
        seconds: float, or `None`. Wall time.
        failed: str. Why the trial failed, `""` where it did not.
    """

    number: int
    values: dict[str, Any]
    loss: float | None
    epochs: int | None = None
    seconds: float | None = None
    failed: str = ""


class TuneResult:
    """The result of a search.

    Args:
        trials: tuple of `Trial`. The trials that ended, in the order of their numbers.
        run_dir: `pathlib.Path`, or `None` where nothing was kept.
        best_run: `(model, history)` of the best trial; `None` in a worker.

    Attributes:
        trials, run_dir: as above.
        best: dict from argument to value, of the trial with the lowest validation loss.
        loss: float. That loss.
    """

    def __init__(
        self,
        trials: tuple[Trial, ...],
        run_dir: pathlib.Path | None,
        best_run: tuple[keras.Model, keras.callbacks.History] | None,
    ) -> None:
        self.trials, self.run_dir, self._best_run = trials, run_dir, best_run
        ranked = self._ranked()
        self.best: dict[str, Any] = dict(ranked[0].values) if ranked else {}
        self.loss: float | None = ranked[0].loss if ranked else None

    @property
    def is_worker(self) -> bool:
        """Whether this process was a worker: the chief has the model and all trials."""
        return self._best_run is None

    @property
    def model(self) -> keras.Model:
        """The trained `keras.Model` of the best trial, as `fit` left it."""
        return self._found()[0]

    @property
    def history(self) -> keras.callbacks.History:
        """The `keras.callbacks.History` of the best trial."""
        return self._found()[1]

    def to_frame(self) -> pandas.DataFrame:
        """Return the trials as a `pandas.DataFrame`, the lowest loss first.

        Raises:
            ArgumentError: when pandas is not installed.
        """
        if importlib.util.find_spec("pandas") is None:
            raise ArgumentError("TuneResult.to_frame needs pandas: pip install pandas.")
        import pandas

        header, rows = self._table(lambda value: value)
        return pandas.DataFrame(rows, columns=header).set_index("trial")

    def rows(self) -> tuple[list[str], list[list[Any]]]:
        """Return the table of trials as `(header, rows)`, the lowest loss first."""
        return self._table(lambda value: value)

    def __repr__(self) -> str:
        header, rows = self._table(in_words)
        lines = [header, *rows[:SHOWN]]
        widths = [max(len(str(line[column])) for line in lines) for column in range(len(header))]
        text = "\n".join(
            "  ".join(str(cell).rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in lines
        )
        more = len(rows) - SHOWN
        return text + (f"\n... and {more} more" if more > 0 else "")

    def _repr_html_(self) -> str:
        header, rows = self._table(in_words)
        return html_table(header, rows, numbers=0)

    def _table(self, shown):
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.values))
        others = [trial for trial in self.trials if trial.loss is None]
        header = ["trial", "val_loss", *names, "epochs", "seconds"]
        rows = [
            [
                trial.number,
                shown(trial.loss) if trial.loss is not None or not trial.failed else "failed",
                *(shown(trial.values.get(name)) for name in names),
                trial.epochs,
                shown(trial.seconds),
            ]
            for trial in (*self._ranked(), *others)
        ]
        return header, rows

    def _ranked(self):
        found = [trial for trial in self.trials if trial.loss is not None]
        return sorted(found, key=lambda trial: (trial.loss, trial.number))

    def _found(self):
        if self._best_run is None:
            raise RunError(
                "This process was a worker of the search: the chief has the best model. Evaluate "
                "and export in the chief alone: if not result.is_worker: ..."
            )
        return self._best_run


def in_words(value: Any) -> str:
    """Return a value as short text.

    Example:

    >>> in_words(0.00123456), in_words((64, 64)), in_words(None)
    ('0.001235', '(64, 64)', 'None')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)
