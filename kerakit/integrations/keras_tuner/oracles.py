"""The algorithms that choose the values of trials; the first trial has the defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerakit.integrations.keras_tuner.space import Space

__all__ = ["ALGORITHMS", "make_oracle"]

ALGORITHMS = {"random": "RandomSearchOracle", "bayesian": "BayesianOptimizationOracle"}
# Random points before the Gaussian process of the Bayesian search counts. KerasTuner takes three
# for each argument, which is more than most searches have trials.
MOST_RANDOM, RANDOM_FRACTION = 10, 3


def make_oracle(space: Space, options: Any, ended: Callable[[int], None] | None = None) -> Any:
    """Return the oracle of KerasTuner that chooses the values of trials.

    Args:
        space: `Space`.
        options: `SearchOptions`.
        ended: function of the number of a trial that has ended, or `None`. A chief calls it for
            the trials of its workers. Defaults to `None`.
    """
    import keras_tuner

    settings: dict[str, Any] = {
        "objective": keras_tuner.Objective("val_loss", "min"),
        "max_trials": options.trials,
        "hyperparameters": space.hyperparameters(),
        "allow_new_entries": False,
        "tune_new_entries": False,
        "seed": options.seed + 1,  # KerasTuner takes 0 for no seed
        "max_consecutive_failed_trials": options.trials + 1,  # failed trials are told
    }
    if options.algorithm == "bayesian":
        settings["num_initial_points"] = max(2, min(MOST_RANDOM, options.trials // RANDOM_FRACTION))
    kind = getattr(keras_tuner.oracles, ALGORITHMS[options.algorithm])

    class DefaultsFirst(kind):
        def populate_space(self, trial_id):
            if self.trials:
                return super().populate_space(trial_id)
            values = {each.name: each.default for each in self.hyperparameters.space}
            return {"status": keras_tuner.engine.trial.TrialStatus.RUNNING, "values": values}

        def end_trial(self, trial):
            super().end_trial(trial)
            if ended is not None:
                ended(int(trial.trial_id) + 1)

    return DefaultsFirst(**settings)
