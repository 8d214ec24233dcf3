"""One training run by checked options: `fit`, and each stage of `fine_tune` that has epochs."""

from __future__ import annotations

import keras
import numpy as np

from kerakit.builders.contract import LinearPath, remember_spec
from kerakit.data.data import Data
from kerakit.data.tasks import TASKS
from kerakit.files import write_text
from kerakit.keras_compat import layers_of
from kerakit.presets.settings import adopt_settings, assumed_settings
from kerakit.status import silent_if
from kerakit.training.callbacks import PROGRESS, StopEarly, check_finite, progress_callback
from kerakit.training.held_out import forget_calibration, keep_held_out
from kerakit.training.linear_path.solve import finish_linear_path, solve_linear_path
from kerakit.training.loop.hooks import hooks_of, step_note
from kerakit.training.loop.learning_rate import RateOfRun, begin_again
from kerakit.training.members.steps import grow_steps
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner
from kerakit.training.runs.checkpoint import Checkpoint, recorded_identity
from kerakit.training.runs.files import write_history, write_model
from kerakit.training.runs.identity import run_identity
from kerakit.training.runs.lock import locked_run
from kerakit.training.speed.candidates import Choice, computed_as
from kerakit.training.speed.choice_of_run import choice_of_run

__all__ = ["train"]


def train(model: keras.Model, data: Data, options: FitOptions) -> keras.callbacks.History:
    """Train a compiled model; see `fit`.

    Args:
        model: `keras.Model`, compiled.
        data: `Data`.
        options: `FitOptions`. They are checked against the model and the data here.
    """
    options.check(model, data)
    with silent_if(options.verbose == 0):
        return _train(model, data, options)


def _train(model, data, options):
    _show(forget_calibration(model), options)
    remember_spec(model, data.spec)
    if options.run_dir is not None:
        options.run_dir.mkdir(parents=True, exist_ok=True)
    with locked_run(options.run_dir):
        _seed_dropout(model, options.seed)
        _show(assumed_settings(model), options)
        adopt_settings(model)
        recorded = _recorded(options)
        if recorded is not None:
            begin_again(model)
        runner = Runner(model, data, options)
        asked, options = options, runner.options
        _show(grow_steps(runner), options)
        solved = solve_linear_path(
            runner, None if recorded is None else recorded.get("linear path") == "solved"
        )
        _show(solved, options)
        options = runner.options
        choice = choice_of_run(runner, recorded)
        blended = _Training(runner, choice).train() or finish_linear_path(runner)
        _show(blended, options)
        if runner.blended_loss is not None:
            model.history.validation_loss = runner.blended_loss
        model.history.solved = getattr(model.history, "solved", "")
        if runner.solved is not None:
            _show(f"{model.history.solved}; {_without_effect(asked)}", options)
        model.history.linear_path = "; ".join(filter(None, (solved, blended)))
        keep_held_out(model, data, runner.held_out, runner.held_out_splits, options.run_dir)
        if options.run_dir is not None:
            write_model(options.run_dir, model)
    return model.history


class _Training:
    """The epochs of a run, from the first one or from the one after its checkpoint.

    Args:
        runner: `Runner`, whose linear path was solved, if it has one.
        choice: `Choice`. How the steps are computed.
    """

    def __init__(self, runner: Runner, choice: Choice) -> None:
        self.runner, self.choice = runner, choice
        self.model, self.options = runner.model, runner.options
        self.trainer = runner.trainer()
        if any(hasattr(callback, "monitor") for callback in self.options.callbacks):
            _make_metrics(self.model, runner.data.spec.task)
        self.rate = RateOfRun(self.model, follows=runner.plan.rates is not None)
        self.callbacks = self._callback_list()
        self.checkpoint = None if self.options.run_dir is None else self._checkpoint()

    def train(self) -> str | None:
        """Train the epochs that are left, and write their history.

        Returns:
            A line about what was done after the last epoch, or `None`.
        """
        options, model, callbacks = self.options, self.model, self.callbacks
        state = self._state()
        start = state[0]["epoch"] if state else 0
        finished = start >= options.epochs or bool(state and state[0]["stopped"])
        model.stop_training = False
        ended, members = None, self.runner.members is not None
        run_epoch = None if finished and not members else self._epoch_callable()
        with self.rate.watched():
            callbacks.on_train_begin()
        if state:
            self.checkpoint.restore(*state)
            model.stop_training = finished
        with self.rate.watched():
            logs = self._train_epochs(options.epochs if finished else start, run_epoch)
            self.rate.end()
            callbacks.on_train_end(logs)
            if run_epoch is not None:
                ended = run_epoch.end()
        self.model.history.validation_loss = self._validation_loss()
        self._write_history()
        if ended is None:
            return None
        self.runner.blended_loss, self.runner.held_out = ended.loss, ended.answers
        return ended.line

    def _validation_loss(self):
        """The validation loss of the weights that are left, without their penalties, or `None`."""
        losses = self.model.history.history.get("val_loss")
        if not losses:
            return None
        best = [c.best for c in self.callbacks.callbacks if isinstance(c, StopEarly)]
        loss = best[0] if best and best[0] is not None else losses[-1]
        # Not `model.losses`: penalties of activations are tensors of the graph that trained.
        weights = [w for w in self.model.trainable_variables if w.regularizer is not None]
        return float(loss) - sum(float(weight.regularizer(weight)) for weight in weights)

    def _train_epochs(self, start, run_epoch):
        """Train the epochs from `start` on; return the logs of the last."""
        model, callbacks, logs = self.model, self.callbacks, {}
        try:
            for epoch in range(start, self.options.epochs):
                callbacks.on_epoch_begin(epoch)
                logs = run_epoch(epoch, callbacks)
                if not model.stop_training:  # TerminateOnNaN ends a run without an error
                    check_finite(logs, epoch, float(model.optimizer.learning_rate))
                callbacks.on_epoch_end(epoch, logs)
                self.rate.report(epoch)
                self._save(epoch)
                if model.stop_training:
                    break
        except KeyboardInterrupt:
            self._write_history()
            raise
        finally:
            if self.checkpoint is not None:
                self.checkpoint.flush()
        if self.runner.solved is None:
            # As in Keras: an optimizer with `use_ema` leaves the average of the weights.
            model.optimizer.finalize_variable_values(model.trainable_variables)
        return logs

    def _epoch_callable(self):
        """The callable that trains one epoch; early stopping knows the loss before the first."""
        runner = self.runner
        hooks = hooks_of(self.callbacks.callbacks)
        if runner.solved is None:
            _show(step_note(hooks, runner.plan.steps), self.options)
        run_epoch = runner.epochs(self.trainer, hooks, self.choice.xla)
        if runner.members or (runner.path is not None and not runner.trains_alone):
            stopping = [c for c in self.callbacks.callbacks if isinstance(c, StopEarly)]
            initial = run_epoch.validate() if stopping or runner.members else {}
            for callback in stopping:
                callback.initial_loss = initial.get("val_loss")
        run_epoch.scheduled = self.rate.scheduled
        run_epoch.computed = lambda: computed_as(self.model, self.choice, runner.images)
        return run_epoch

    def _callback_list(self):
        options, chosen = self.options, list(self.options.callbacks)
        held_out = self.runner.members or self.runner.data.spec.sizes.get("validation")
        if options.early_stopping and held_out:
            usual = self.runner.settings.preset.patience
            stopping = options.early_stopping
            chosen.append(StopEarly(usual if stopping is True else int(stopping)))
        shown = any(isinstance(callback, PROGRESS) for callback in chosen)
        progress = None if shown else progress_callback(options.verbose)
        return keras.callbacks.CallbackList(
            chosen if progress is None else [*chosen, progress],
            add_history=True,
            add_progbar=False,
            model=self.model,
            epochs=options.epochs,
            steps=self.runner.plan.steps,
            verbose=1,
        )

    def _checkpoint(self):
        runner, options = self.runner, self.options
        identity = run_identity(
            self.model,
            runner.data,
            options,
            batch_size=runner.plan.batch_size,
            precision=str(self.choice),
            fixed_epochs=runner.plan.rates is not None,
        )
        if runner.path is not None:
            identity["linear path"] = "solved"
        if runner.solved is not None:
            identity["solution"] = "exact"
        stateful = [c for c in self.callbacks.callbacks if not isinstance(c, PROGRESS)]
        weights = self.model if isinstance(runner.solved, LinearPath) else self.trainer
        variables = [*weights.variables, *self.model.optimizer.variables, self.rate.scheduled]
        return Checkpoint(_checkpoint_path(options), variables, stateful, identity)

    def _state(self):
        """The state in the checkpoint to go on from, or `None`; the run's spec is written."""
        if self.checkpoint is None:
            return None
        state = self.checkpoint.read() if self.options.resume else None
        if state is not None:
            _show(_callbacks_note(*self.checkpoint.differing_callbacks(state[0])), self.options)
        spec = self.runner.data.spec
        write_text(self.options.run_dir / "spec.json", spec.to_json() + "\n")
        return state

    def _save(self, epoch):
        if self.checkpoint is not None:
            stopped = bool(self.model.stop_training)
            last = stopped or epoch + 1 == self.options.epochs
            self.checkpoint.save(epoch + 1, stopped, durable=last)

    def _write_history(self):
        if self.options.run_dir is not None:
            write_history(self.options.run_dir, self.model.history)


def _make_metrics(model, task):
    """Make the metric objects of a model, as the first step of Keras' own `fit` does.

    `EarlyStopping` and others look the monitored one up, to know whether more is better.
    """
    shape = (1, *(size or 1 for size in model.output_shape[1:]))
    answer = np.full(shape, 1 / shape[-1], "float32")
    has_ids = TASKS[task].answer in ("label", "tags")
    target = np.zeros(shape[:-1], "int32") if has_ids else np.zeros(shape, "float32")
    model.compute_metrics(None, target, answer)
    model.reset_metrics()


def _checkpoint_path(options):
    return options.run_dir / "checkpoint.npz"


def _recorded(options):
    """The identity in the checkpoint that the run goes on from; `None` for a new run."""
    if options.run_dir is None or not options.resume or not _checkpoint_path(options).exists():
        return None
    return recorded_identity(_checkpoint_path(options))


def _callbacks_note(new, missing):
    """A line about callbacks that a run has or lacks since it is resumed; `None` without any."""
    lists = {"new": new, "missing": missing}
    words = [f"{word}: {', '.join(names)}" for word, names in lists.items() if names]
    return f"callbacks: the run had others before ({'; '.join(words)})" if words else None


def _without_effect(options):
    """The arguments of the user that a solved model has no use for."""
    given = {
        "epochs": options.epochs not in (1, "auto"),
        "batch_size": options.batch_size is not None,
        "early_stopping": options.early_stopping is not True,
    }
    names = [f"{name}=" for name, is_given in given.items() if is_given] or ["epochs="]
    return f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} no effect"


def _show(line, options):
    if line is not None and options.verbose != 0:
        print(line, flush=True)


def _seed_dropout(model, seed):
    """Start the random numbers of each dropout layer from `seed`, whatever was built before."""
    generators = [getattr(layer, "seed_generator", None) for layer in layers_of(model)]
    generators = [g for g in generators if isinstance(g, keras.random.SeedGenerator)]
    for number, generator in enumerate(generators):
        generator.state.assign(np.array([seed, number], "uint32"))
