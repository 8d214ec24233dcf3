"""The boosted trees of members."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.tables.sizes import BRANCHING
from kerakit.solvers.boosted_trees import OUTPUTS, BinnedColumns, Booster, Link
from kerakit.status import status
from kerakit.training.linear_path.tables import rows_of
from kerakit.training.members.solved import SolvedPart
from kerakit.training.members.targets import score_targets

__all__ = ["fit_trees"]

# Below `BRANCHING` rows, and from there on. The penalty is CatBoost's default; docs/benchmarks.md
# has what was tried.
FEW_BINS, BINS = 64, 255  # of a column, at most
FEW_RATE, RATE = 0.2, 0.1
PENALTY = 3.0
# Limits of the time that trees take where columns or rows are many.
SUMS = 800_000  # that the last level of a tree compares: many columns have fewer bins each
MOST = 1_200_000  # values by which the members' next trees choose their questions, all together
SEED = 0x_72EE


def fit_trees(runner: Any) -> SolvedPart:
    """Grow the boosted trees of a network with members.

    Each member has the trees of all rows but those of its fold. All have as many trees as have
    the lowest loss of the rows left out.

    Args:
        runner: `Runner` of a network that has the layers of trees.
    """
    layers = runner.members.trees
    members, depth = runner.members.count, layers.depth
    trees = layers.count // members
    with status("Growing the trees"):
        targets, fold = score_targets(runner), runner.fold
        x = rows_of(runner, runner.members.line.input)
        few = len(x) < BRANCHING
        most = (SUMS // min(len(targets.base), OUTPUTS)) >> depth
        columns = BinnedColumns(x, FEW_BINS if few else BINS, most)
        link = Link(targets.head, targets.values)
        base, seed = targets.base, runner.plan.seed
        boosters = [
            Booster(
                columns,
                link,
                targets.there[fold[targets.there] != member],
                targets.weight,
                base,
                depth=depth,
                symmetric=few,
                rate=FEW_RATE if few else RATE,
                penalty=PENALTY,
                most=MOST // members,
                seed=(seed, member, SEED),
            )
            for member in range(members)
        ]
        asked = np.zeros((members, trees, (1 << depth) - 1), "int64")
        answers = np.zeros((members, trees, 1 << depth, len(base)))
        scores = np.tile(base, (len(x), 1))
        best, lowest, count = scores.copy(), targets.loss(scores), 0
        for tree in range(trees):
            for member, booster in enumerate(boosters):
                asked[member, tree], answers[member, tree] = booster.grow()
                scores[fold == member] = booster.scores[fold == member]
            loss = targets.loss(scores)
            if loss < lowest:
                best, lowest, count = scores.copy(), loss, tree + 1
    answers[:, count:] = 0
    answers[:, 0] += base
    asked = asked.reshape(-1)
    questions = np.stack([columns.thresholds[asked], columns.column[asked]], axis=1)
    weights = {layers.questions: [questions], layers.answers: [answers.reshape(-1, len(base))]}
    return SolvedPart(weights, best)
