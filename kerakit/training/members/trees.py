"""The boosted trees of members."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.tables.members.trees import LARGEST
from kerakit.solvers.symmetric_trees import BinnedColumns, Booster, Link
from kerakit.status import status
from kerakit.training.linear_path.tables import rows_of
from kerakit.training.members.solved import SolvedPart
from kerakit.training.members.targets import score_targets

__all__ = ["fit_trees"]

# The penalty is CatBoost's default. Of depths 3 to 8, rates .1 to .2 and up to 150 trees, these had
# the lowest loss of rows left out beside the networks.
RATE, PENALTY = 0.2, 3.0
MOST = 100_000  # values by which a tree chooses its questions
SEED = 0x_72EE


def fit_trees(runner: Any) -> SolvedPart:
    """Grow the boosted trees of a network with members.

    Each member has the trees of all rows but those of its fold. All have as many trees as have
    the lowest loss of the rows left out.

    Args:
        runner: `Runner` of a network that has the layers of trees.
    """
    layers = runner.members.trees
    members, (_, depth) = runner.members.count, layers.ways.kernel.shape
    trees = layers.ways.kernel.shape[0] // members
    with status("Growing the trees"):
        targets, fold = score_targets(runner), runner.fold
        x = np.clip(rows_of(runner, runner.members.line.input), -LARGEST, LARGEST)
        columns, link = BinnedColumns(x), Link(targets.head, targets.values)
        base, seed = targets.base, runner.plan.seed
        boosters = [
            Booster(
                columns,
                link,
                targets.there[fold[targets.there] != member],
                targets.weight,
                base,
                depth=depth,
                rate=RATE,
                penalty=PENALTY,
                most=MOST,
                seed=(seed, member, SEED),
            )
            for member in range(members)
        ]
        asked = np.zeros((members, trees, depth), "int64")
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
    questions = np.zeros(layers.questions.kernel.shape)
    questions[columns.column[asked], np.arange(len(asked))] = 1
    first = np.arange(members * trees) << depth
    weights = {
        layers.questions: [questions, -columns.thresholds[asked]],
        layers.ways: [np.tile(1 << np.arange(depth), (members * trees, 1)), first],
        layers.answers: [answers.reshape(-1, len(base))],
    }
    return SolvedPart(weights, best)
