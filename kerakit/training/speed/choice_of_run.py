"""How the steps of a run are computed: as asked, as recorded in its checkpoint, or as measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerakit.training.runs.identity import architecture
from kerakit.training.speed.candidates import Choice, candidates
from kerakit.training.speed.cost import estimated_seconds, pays_to_measure
from kerakit.training.speed.recurrent import recurrent_layers
from kerakit.training.speed.trial import Trial, choose

__all__ = ["choice_of_run"]


def choice_of_run(runner: Any, recorded: Mapping[str, Any] | None = None) -> Choice:
    """Return how the steps of a run are computed.

    Tables have a fixed rule. For images and sequences, `"auto"` is the choice that the run
    began with. A new run takes the fastest choice that trains as float32 does, or float32
    where training is too short for a trial to pay. How recurrent layers compute is measured in
    any precision.

    Args:
        runner: `Runner`. Its options say which precision was asked for, and whether a line
            about the trial is printed.
        recorded: the identity in the checkpoint of the run, or `None` for a new run.
    """
    precision, plan = runner.options.precision, runner.plan
    recurrent = bool(recurrent_layers(runner.model))
    if precision != "auto" and not recurrent:
        return Choice(precision)
    if not (runner.images or runner.sequences):
        return Choice()
    earlier = (recorded or {}).get("precision")
    if isinstance(earlier, str):
        return Choice.parse(earlier)
    model, steps = runner.model, plan.steps * plan.epochs
    seconds = estimated_seconds(model, steps * plan.batch_size, plan.batch_size, runner.length or 1)
    choices = candidates(model, precision, runner.fixed_length)
    if not pays_to_measure(model, choices, plan.batch_size, seconds, steps):
        return choices[0]
    rate = None if plan.rates is None else float(plan.rates[0])
    optimizer = type(model.optimizer).__name__
    key = {"model": architecture(model), "rows": plan.batch_size, "optimizer": optimizer}
    if runner.sequences:
        key |= {"length": runner.length, "precision": precision}
    choice, reason = choose(Trial(model, runner, rate, seconds), choices, key)
    if runner.options.verbose != 0:
        print(f"precision: {choice} ({reason})", flush=True)
    return choice
