"""The parts that stand beside the networks of members, in the order of their weights."""

from __future__ import annotations

from typing import Any

from kerakit.training.members.kernel import fit_kernel
from kerakit.training.members.solved import SolvedPart, empty
from kerakit.training.members.trees import fit_trees

__all__ = ["fit_beside"]


def fit_beside(runner: Any) -> dict[str, SolvedPart | None]:
    """Solve the parts that a network with members has beside its networks.

    Args:
        runner: `Runner`, whose networks were trained.

    Returns:
        For the name of each part that `blend` has a weight for, a `SolvedPart`, or `None` where it
        was not solved: its layers are then empty, whatever an earlier fit left in them.
    """
    members, solved = runner.members, {}
    parts = ("kernel", members.kernel, fit_kernel), ("trees", members.trees, fit_trees)
    for name, layers, fit in parts:
        if layers is not None:
            solved[name] = fit(runner)
            if solved[name] is None:
                empty(vars(layers).values())
    return solved
