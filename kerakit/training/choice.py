"""Which way a run computes: as asked, as it began, or as measured."""

from kerakit.training.checkpoint import recorded_identity
from kerakit.training.identity import architecture
from kerakit.training.throughput import (
    Choice,
    Trial,
    candidates,
    choose,
    estimated_seconds,
    pays_to_measure,
)

__all__ = ["choice_of_run"]


def choice_of_run(runner, precision, checkpoint, show):
    """Return the `Choice` of a run.

    Tables have a fixed rule. For images, `"auto"` is what the run began with; for a new run
    the fastest that trains as float32 does, or float32 where training is too short for a
    trial to pay.

    Args:
        runner: `Runner`.
        precision: str, one of `PRECISIONS`.
        checkpoint: `pathlib.Path` of the run's checkpoint, or `None`.
        show: bool. Whether to print a line about what was measured.
    """
    if precision != "auto":
        return Choice(precision)
    if not runner.images:
        return Choice()
    recorded = None if checkpoint is None else recorded_identity(checkpoint).get("precision")
    if isinstance(recorded, str):
        return Choice.parse(recorded)
    model, steps = runner.model, runner.steps * runner.epochs
    seconds = estimated_seconds(model, steps * runner.batch_size)
    choices = candidates()
    if not pays_to_measure(model, choices, runner.batch_size, seconds, steps):
        return Choice()
    rate = None if runner.rates is None else float(runner.rates[0])
    trial = Trial(model, runner, rate, seconds)
    optimizer = type(model.optimizer).__name__
    key = {"model": architecture(model), "rows": runner.batch_size, "optimizer": optimizer}
    choice, reason = choose(trial, choices, key)
    if show:
        print(f"precision: {choice} ({reason})", flush=True)
    return choice
