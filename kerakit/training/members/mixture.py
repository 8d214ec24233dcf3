"""The weights of the networks of members, by their losses on the rows that were left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from kerakit.builders.contract import activation_of
from kerakit.solvers.logistic import mean_log_loss
from kerakit.training.loop.epochs import Ended
from kerakit.training.members.solved import SolvedPart
from kerakit.training.members.trainer import MemberTrainer

__all__ = ["mix"]

# A network whose loss is 5 % above the lowest has the weight 1 / e of that one. The weights are
# those of an exponentially weighted average (Cesa-Bianchi & Lugosi 2006, chapter 2).
EXCESS = 0.05
# What stands beside the networks gets the weight whose mean gain is highest after so many of its
# standard errors were taken off: it was chosen by the same rows, and one far row can make it seem
# better. Of 0, 0.5, 1, 1.5, 2 and 3, the numbers 1 and 1.5 had the lowest loss of rows that had no
# part in the choice of the weight, and 1.5 did harm to fewer tables.
ERRORS = 1.5
SHARES = np.linspace(0, 1, 21)
FACTORS = 2.0 ** np.linspace(-1, 1, 41)  # of the scores of classes: the inverse of a temperature
SMALLEST = 1e-12


def mix(
    trainer: MemberTrainer,
    scores: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    beside: Mapping[str, SolvedPart | None] = MappingProxyType({}),
    rows: np.ndarray | None = None,
) -> Ended:
    """Set the layer `blend`: the weights of the networks and, of classes, one temperature.

    Each part that stands beside the networks, one after the other, then gets the weight that
    lowers the loss most, by more than chance explains.

    The temperature is the one with the lowest log loss of the rows left out (Guo et al. 2017,
    arXiv:1706.04599).

    Args:
        trainer: `MemberTrainer`, trained.
        scores: float array of shape `(1 + networks, n, scores)`: of each row the scores by the
            member that left it out: of its line, and of each of its networks over the line.
        target: array of shape `(n,)` or `(n, width)`.
        weight: float array of shape `(n,)`.
        beside: mapping from the name of each part that stands beside the networks, in the order of
            `blend`, to a `SolvedPart`, or to `None` where it was not solved. Defaults to none.
        rows: int array of shape `(n,)`: the rows of the parts' scores. Defaults to `None`.

    Returns:
        `Ended`, whose answers are in the order of `rows`.
    """

    total = max(weight.sum(), SMALLEST)

    def row_losses(scores):
        losses = trainer.row_losses(*trainer.answered(scores, target), weight)
        return np.asarray(losses, "float64")

    def loss(scores):
        return float(row_losses(scores).sum() / total)

    line_loss, *losses = [loss(each) for each in scores]
    excess = np.array(losses) / max(min(losses), SMALLEST) - 1
    shares = np.exp(-excess / EXCESS)
    shares /= shares.sum()
    mixed, factor = np.tensordot(shares, scores[1:], axes=1), 1.0
    answer = activation_of(trainer)
    if answer != "linear":
        factor = _factor(mixed, target, weight, labels=answer == "sigmoid")
    mixed, weights = factor * mixed, np.append(1.0, shares)
    names = ["narrow network" if each.narrow else "wide network" for each in trainer.parts.networks]
    reached, scales = dict(zip(names, losses, strict=True)), [factor] * len(weights)
    for name, part in beside.items():
        share = 0.0
        if part is not None:
            alone = part.scores[rows]
            share = _share(row_losses, mixed, alone)
            part.keep(share)
            mixed, reached[name] = (1 - share) * mixed + share * alone, loss(alone)
        weights = np.append((1 - share) * weights, share)
        scales.append(1.0)
    trainer.parts.blend.kernel.assign((scales * weights)[:, None])
    found = [f"line {line_loss:.4g}"]
    for name, share in zip([*names, *beside], weights[1:], strict=True):
        found += [f"{name} {reached[name]:.4g} ({share:.0%})"] if name in reached else []
    line = f"members: loss of rows left out {loss(mixed):.4g} ({', '.join(found)})"
    if answer != "linear":
        line += f"; scores times {factor:.2f}"
    _, answers = trainer.answered(mixed, target)
    return Ended(line, loss(mixed), np.asarray(answers))


def _share(row_losses, mixed, alone):
    """The weight of scores that stand beside mixed ones."""
    before, best, lowest = row_losses(mixed), 0.0, 0.0
    for share in SHARES[1:]:
        change = row_losses((1 - share) * mixed + share * alone) - before
        bound = change.mean() + ERRORS * change.std() / np.sqrt(len(change))
        if bound < lowest:
            best, lowest = float(share), bound
    return best


def _factor(scores, target, weight, labels):
    """The factor of the scores with the lowest log loss."""
    if labels:  # each a classification of its own
        weight = np.repeat(weight, scores.shape[1])
        scores, target = scores.reshape(-1, 1), target.reshape(-1)
    ids = target.astype(int)
    losses = [mean_log_loss(factor * scores, ids, weight) for factor in FACTORS]
    return float(FACTORS[int(np.argmin(losses))])
