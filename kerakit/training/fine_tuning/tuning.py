"""One run of fine-tuning: its stages in order, which of them are kept, and its checkpoint."""

from __future__ import annotations

import math
import shutil
import time

import keras

from kerakit.builders.contract import network_of
from kerakit.data.data import Data
from kerakit.files import write_text
from kerakit.status import silent_if
from kerakit.training.fine_tuning.optimizer import with_fresh_optimizer
from kerakit.training.fine_tuning.options import FineTuneOptions
from kerakit.training.fine_tuning.parts import Parts, freeze
from kerakit.training.fine_tuning.stage import StageResult
from kerakit.training.fine_tuning.stage_trainer import StageTrainer, TrainedStage
from kerakit.training.fine_tuning.strategy import goes_deeper, is_kept, stages_of
from kerakit.training.held_out import forget_calibration, keep_held_out
from kerakit.training.runs.checkpoint import Checkpoint
from kerakit.training.runs.files import write_history, write_model
from kerakit.training.runs.identity import run_identity

__all__ = ["Tuning"]


class Tuning:
    """Trains the stages of a run, one after the other.

    Args:
        parts: `Parts` of the model, which is compiled.
        data: `Data` of images.
        options: `FineTuneOptions`.

    Attributes:
        results: list of `StageResult`. The stages that are done.
        history: `keras.callbacks.History` of the epochs of these stages.
    """

    def __init__(self, parts: Parts, data: Data, options: FineTuneOptions) -> None:
        self.parts, self.data, self.options = parts, data, options
        self.run_dir, self.verbose = options.fit.run_dir, options.fit.verbose
        self.network = network_of(parts.model)
        self.trainer = StageTrainer(parts, data, options)
        self.results: list[StageResult] = []
        self.history = keras.callbacks.History()
        self.history.history, self.history.epoch, self.history.stages = {}, [], []
        self._checkpoint: Checkpoint | None = None

    def run(self) -> keras.callbacks.History:
        """Train the stages that are left; return the `History` of all of them."""
        with silent_if(self.verbose == 0):
            line = forget_calibration(self.parts.model)
            if line is not None and self.verbose:
                print(line, flush=True)
            return self._run()

    def _run(self):
        if self.run_dir is not None:
            self._resume()
        stages = stages_of(self.options.strategy, bool(self.parts.ends))
        for stage in stages[len(self.results) :]:
            if self.results and not self._is_worth_training(stage):
                break
            self._train(stage)
            self._save()
        head, *deeper = self.results
        if head.solved and not any(result.kept for result in deeper):
            self._solve_again(head)
        # The weights that were kept last say what would train on, in a loaded model as well.
        freeze(self.parts, self.parts.cut_of(self._best().stage))
        self.history.stages = [result.as_dict() for result in self.results]
        self.history.validation_loss = self._best().val_loss
        self.parts.model.history = self.history
        if self.run_dir is not None:
            write_history(self.run_dir, self.history)
            write_model(self.run_dir, with_fresh_optimizer(self.parts.model))
        self._keep_held_out(None)
        return self.history

    def _best(self):
        """The stage that was kept last, whose weights the network has."""
        return [result for result in self.results if result.kept][-1]

    def _is_worth_training(self, stage):
        """Whether the strategy trains a stage after the results of the stages before."""
        if self.options.strategy != "auto":
            return True
        rows = self.data.spec.sizes["train"]
        answer, reason = goes_deeper(stage, self.results, rows)
        if not answer and self.verbose:
            print(f"{stage}: left out ({reason})", flush=True)
        return answer

    def _train(self, stage):
        """Train a stage from the best weights so far; keep the better weights."""
        start = time.process_time()
        weights = self.network.get_weights()
        trained = self.trainer.train(stage, first=not self.results)
        result = self._result(stage, trained)
        if not result.kept:
            self.network.set_weights(weights)
        result.cpu_seconds = round(time.process_time() - start, 3)
        self._extend_history(trained.columns)
        self.results.append(result)
        if self.verbose:
            print(result.line(), flush=True)

    def _result(self, stage: str, trained: TrainedStage) -> StageResult:
        result = StageResult(stage, len(trained.columns["loss"]), C=trained.C)
        if trained.after is not None:
            result.val_accuracy, result.val_loss = trained.after.accuracy, trained.after.loss
        if trained.before is not None:
            result.fall, error = trained.after.fall_from(trained.before)
            result.standard_error = None if math.isnan(error) else error
            result.kept = is_kept(self.options.strategy, self._best(), result.fall, error)
        return result

    def _solve_again(self, head):
        """Solve the head once more, with the validation images, unless that is done.

        All choices were made on the validation images; now they are a quarter more images.
        """
        if head.refitted or not self.data.spec.sizes.get("validation"):
            return
        start = time.process_time()
        self._keep_held_out(self.trainer.solve_again(head.C))
        head.refitted = True
        head.cpu_seconds = round(head.cpu_seconds + time.process_time() - start, 3)
        self._save(stage_done=False)

    def _keep_held_out(self, answers):
        keep_held_out(self.parts.model, self.data, answers, ("validation",), self.run_dir)

    def _extend_history(self, columns):
        """Add the epochs of a stage to the history; a metric that it lacks is NaN."""
        history, count = self.history, len(columns["loss"])
        before = len(history.epoch)
        columns = {**columns, "stage": [len(self.results) + 1] * count}
        for name in {**history.history, **columns}:
            column = history.history.setdefault(name, [math.nan] * before)
            column.extend(columns.get(name, [math.nan] * count))
        history.epoch.extend(range(before, before + count))

    def _resume(self):
        """Go on from the checkpoint of the run, or begin one."""
        freeze(self.parts, "")  # part of the architecture, and changes from stage to stage
        fit_options = self.options.fit
        identity = run_identity(
            self.parts.model,
            self.data,
            fit_options,
            batch_size=fit_options.batch_size,
            precision=fit_options.precision,
            fixed_epochs=True,
        )
        identity.update(strategy=self.options.strategy, views=self.options.views)
        path = self.run_dir / "checkpoint.npz"
        self._checkpoint = Checkpoint(path, self.network.variables, [self.history], identity)
        state = self._checkpoint.read() if fit_options.resume else None
        if state:
            self._checkpoint.restore(*state)
            self.results = [StageResult(**values) for values in self.history.stages]
        else:
            shutil.rmtree(self.run_dir / "stages", ignore_errors=True)
            self._checkpoint.save(0)
        write_text(self.run_dir / "spec.json", self.data.spec.to_json() + "\n")

    def _save(self, stage_done=True):
        """Save the stages that are done, and remove the checkpoint of the one that trained."""
        if self._checkpoint is None:
            return
        self.history.stages = [result.as_dict() for result in self.results]
        self._checkpoint.save(len(self.results), durable=True)
        if stage_done:
            shutil.rmtree(self.run_dir / "stages", ignore_errors=True)
