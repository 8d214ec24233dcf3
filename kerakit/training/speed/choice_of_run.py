"""Which way a run computes: as asked, as it began, or as measured."""

from kerakit.training.runs.checkpoint import recorded_identity
from kerakit.training.runs.identity import architecture
from kerakit.training.speed.candidates import Choice, candidates
from kerakit.training.speed.cost import estimated_seconds, pays_to_measure
from kerakit.training.speed.recurrent import recurrent_layers
from kerakit.training.speed.trial import Trial, choose

__all__ = ["choice_of_run"]


def choice_of_run(runner, precision, checkpoint, show):
    """Return the `Choice` of a run.

    Tables have a fixed rule. For images and sequences, `"auto"` is what the run began with;
    for a new run the fastest that trains as float32 does, or float32 where training is too
    short for a trial to pay. How recurrent layers compute is measured in any precision.

    Args:
        runner: `Runner`.
        precision: str, one of `PRECISIONS`.
        checkpoint: `pathlib.Path` of the run's checkpoint, or `None`.
        show: bool. Whether to print a line about what was measured.
    """
    recurrent = bool(recurrent_layers(runner.model))
    if precision != "auto" and not recurrent:
        return Choice(precision)
    if not (runner.images or runner.sequences):
        return Choice()
    recorded = None if checkpoint is None else recorded_identity(checkpoint).get("precision")
    if isinstance(recorded, str):
        return Choice.parse(recorded)
    model, steps = runner.model, runner.steps * runner.epochs
    rows = steps * runner.batch_size
    seconds = estimated_seconds(model, rows, runner.batch_size, runner.length or 1)
    choices = candidates(model, precision, runner.fixed_length)
    if not pays_to_measure(model, choices, runner.batch_size, seconds, steps):
        return choices[0]
    rate = None if runner.rates is None else float(runner.rates[0])
    trial = Trial(model, runner, rate, seconds)
    optimizer = type(model.optimizer).__name__
    key = {"model": architecture(model), "rows": runner.batch_size, "optimizer": optimizer}
    if runner.sequences:
        key |= {"length": runner.length, "precision": precision}
    choice, reason = choose(trial, choices, key)
    if show:
        print(f"precision: {choice} ({reason})", flush=True)
    return choice
