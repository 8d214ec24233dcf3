"""The trials of a search: how one runs, what it prints, and its files."""

from __future__ import annotations

import gc
import math
import pathlib
import shutil
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.errors import ArgumentError, TrainingError
from kerakit.files import read_json, write_json
from kerakit.integrations.keras_tuner.result import Trial, in_words
from kerakit.integrations.keras_tuner.roles import role
from kerakit.integrations.keras_tuner.space import Space

if TYPE_CHECKING:
    import keras

__all__ = ["TrialRunner", "read_trials", "remove_weights"]

DETAILS = "details.json"  # what a trial took and why it failed, beside KerasTuner's trial.json
WEIGHTS = ("model.keras", "checkpoint.npz", "stages")  # of a run folder: megabytes


class TrialRunner:
    """Runs the trials of this process, and keeps the best of them.

    Args:
        train: function of `(values, folder, verbose)`, as `search` takes it.
        space: `Space`.
        options: `SearchOptions`.

    Attributes:
        train: as above.
        done: list of `Trial`. The trials that this process ran.
    """

    def __init__(
        self,
        train: Callable[..., tuple[keras.Model, keras.callbacks.History]],
        space: Space,
        options: Any,
    ) -> None:
        self.train, self.space, self.options = train, space, options
        self.done: list[Trial] = []
        self._lowest = math.inf
        self._best: tuple[int, Any] | None = None

    def known(self, trials: Sequence[Trial]) -> None:
        """Take the trials of an interrupted search into account."""
        self._lowest = min([t.loss for t in trials if t.loss is not None], default=math.inf)

    def folder(self, number: int) -> pathlib.Path:
        """Return the run folder of a trial."""
        found = _folders(self.options.folder)
        return found[number]

    def best_run(self, number: int) -> tuple[keras.Model, keras.callbacks.History] | None:
        """Return the model and history of a trial, if they are the best of this process."""
        return self._best[1] if self._best is not None and self._best[0] == number else None

    def tuner(self, oracle: Any) -> Any:
        """Return the tuner of KerasTuner that runs trials by this object.

        Args:
            oracle: `keras_tuner.Oracle`.
        """
        import keras_tuner

        runner, folder = self, self.options.folder
        status = keras_tuner.engine.trial.TrialStatus

        class Tuner(keras_tuner.engine.base_tuner.BaseTuner):
            def run_trial(self, trial, *args, **kwargs):
                path = pathlib.Path(self.get_trial_dir(trial.trial_id))
                return runner.run(int(trial.trial_id) + 1, trial.hyperparameters.values, path)

            def on_trial_end(self, trial):
                # A trial that raises would have its traceback printed.
                if runner.done[-1].failed:
                    trial.status, trial.message = status.FAILED, runner.done[-1].failed
                super().on_trial_end(trial)

        return Tuner(oracle, directory=str(folder.parent), project_name=folder.name)

    def run(self, number: int, written: dict[str, Any], folder: pathlib.Path) -> float:
        """Train one trial and return its validation loss, infinite where the trial failed.

        Args:
            number: int. The number of the trial, from 1.
            written: dict from argument to value, as KerasTuner writes it.
            folder: path of the trial's folder.

        Raises:
            keras_tuner.errors.FatalError: with the cause, when the search cannot go on.
        """
        import keras_tuner
        import tensorflow as tf

        values, start = self.space.decoded(written), time.perf_counter()
        self._announce(number, values)
        failures = (TrainingError, ArgumentError, MemoryError, tf.errors.ResourceExhaustedError)
        try:
            found = self.train(values, folder, self.options.fit_verbose)
            loss = getattr(found[1], "validation_loss", None)
            if loss is None or not math.isfinite(loss):
                raise TrainingError(f"Its validation loss is {loss}.")
        except failures as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            self._end(number, values, folder, None, start, None, reason)
            return math.inf
        except Exception as error:
            raise keras_tuner.errors.FatalError() from error
        self._end(number, values, folder, loss, start, found, "")
        return loss

    def _end(self, number, values, folder, loss, start, found, failed):
        """Write the details of a trial, print its line, and keep its weights if it is best."""
        seconds = round(time.perf_counter() - start, 3)
        epochs = None if found is None else len(found[1].epoch)
        write_json(
            folder / DETAILS, {"loss": loss, "epochs": epochs, "seconds": seconds, "failed": failed}
        )
        trial = Trial(number, values, loss, epochs, seconds, failed)
        self.done.append(trial)
        if self.tell(trial):
            if self._best is not None:
                _remove(self.folder(self._best[0]))
            self._best = (number, found)
        else:
            _remove(folder)
        gc.collect()  # the graphs of a model refer to each other

    def tell(self, trial: Trial) -> bool:
        """Print the line of a trial; return whether it is the best of those so far.

        Args:
            trial: `Trial` that has ended.
        """
        best = trial.loss is not None and trial.loss < self._lowest
        self._lowest = trial.loss if best else self._lowest
        if self.options.lines:
            # A worker does not know the trials of the others.
            print(self._line(trial, best and role(self.options.owner) != "worker"), flush=True)
        return best

    def _announce(self, number, values):
        """Say what is tried, where the training shows something of its own."""
        if self.options.lines and self.options.fit_verbose:
            print(f"trial {number}/{self.options.trials}  {self._shown(values)}", flush=True)

    def _line(self, trial, best):
        head = f"trial {trial.number}/{self.options.trials}  "
        if trial.loss is None:
            return f"{head}failed: {trial.failed}  {self._shown(trial.values)}"
        end = "" if self.options.fit_verbose else f"  {self._shown(trial.values)}"
        counts = f"{trial.epochs} {'epoch' if trial.epochs == 1 else 'epochs'}"
        return (
            f"{head}val_loss {trial.loss:.4g}{' (best)' if best else ''}  {counts}  "
            f"{trial.seconds:.1f} s{end}"
        )

    def _shown(self, values):
        return "  ".join(f"{name}={in_words(values[name])}" for name in self.space.entries)


def read_trials(folder: pathlib.Path, space: Space) -> list[Trial]:
    """Return the trials of a search that ended, by their files.

    Args:
        folder: path of the folder of the search.
        space: `Space`.
    """
    found = []
    for number, path in sorted(_folders(folder).items()):
        try:
            state, details = read_json(path / "trial.json"), read_json(path / DETAILS)
            values = space.decoded(state["hyperparameters"]["values"])
        except (OSError, ValueError, KeyError):
            continue  # it did not end
        if state.get("status") in ("COMPLETED", "FAILED"):
            found.append(
                Trial(
                    number,
                    values,
                    details.get("loss"),
                    details.get("epochs"),
                    details.get("seconds"),
                    details.get("failed") or "",
                )
            )
    return found


def remove_weights(folder: pathlib.Path, but: int) -> None:
    """Remove the weights of all trials of a search but one: its table keeps the others.

    Args:
        folder: path of the folder of the search.
        but: int. The number of the trial whose weights stay.
    """
    for number, path in _folders(folder).items():
        if number != but:
            _remove(path)


def _folders(folder):
    """The folders of the trials, by their numbers from 1."""
    found = {}
    for path in folder.glob("trial_*"):
        digits = path.name.removeprefix("trial_")
        if path.is_dir() and digits.isdecimal():
            found[int(digits) + 1] = path
    return found


def _remove(folder):
    for name in WEIGHTS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
