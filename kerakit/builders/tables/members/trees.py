"""Trees of a row: questions of its columns, and an answer for each way through them."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from kerakit.builders.contract import TREE_ANSWERS, TREE_QUESTIONS, TREE_WAYS
from kerakit.builders.parts import in_float32

__all__ = ["LARGEST", "answers_of_trees", "tree_scores"]

LARGEST = 1e30  # an Infinity times a weight of 0 is no number


@in_float32()
def tree_scores(
    values: keras.KerasTensor, trees: int, depth: int, members: int, scores: int
) -> keras.KerasTensor:
    """Build the scores of boosted trees, which `kk.fit` grows after the last epoch.

    The trees are symmetric: at each depth, all branches ask whether the same column is above the
    same threshold (Kohavi 1994; Prokhorenkova et al. 2018, arXiv:1706.09516). So a tree is one
    product of matrices and one look-up. The layer `trees.questions` takes the columns and
    thresholds, `trees.ways` numbers the ways through a tree, and `trees.answers` holds what is at
    the end of each. All are 0 in a new model, and so are the scores.

    The questions have 64 bits: some graphics processors round the factors of a product of 32 bits
    to 10, and a value beside a threshold would change sides.

    Args:
        values: tensor of shape `(batch, columns)`.
        trees, depth: ints. How many trees a member has, and how many questions a tree.
        members, scores: ints. How many forests there are, and how many numbers each returns.

    Returns:
        Tensor of shape `(batch, members, scores)`.
    """
    count, layers = members * trees, keras.layers
    solved = {"kernel_initializer": "zeros", "trainable": False}
    ways = layers.EinsumDense(
        "btd,td->bt", (count,), bias_axes="t", dtype="float32", name=TREE_WAYS, **solved
    )
    answers = layers.Embedding(
        count << depth,
        scores,
        embeddings_initializer="zeros",
        trainable=False,
        dtype="float32",
        name=TREE_ANSWERS,
    )
    questions = layers.Dense(count * depth, dtype="float64", name=TREE_QUESTIONS, **solved)
    found = answers_of_trees(values, questions, (count, depth), ways, answers)
    return ops.sum(ops.reshape(found, (-1, members, trees, scores)), axis=2)


def answers_of_trees(
    values: keras.KerasTensor,
    questions: keras.Layer,
    shape: tuple[int, int],
    ways: Callable[[keras.KerasTensor], keras.KerasTensor],
    answers: keras.Layer,
) -> keras.KerasTensor:
    """Build what each tree answers, `(batch, trees, scores)`.

    Args:
        values: tensor of shape `(batch, columns)`.
        questions, answers: the layers of these names.
        shape: tuple of ints. How many trees there are, and their depth.
        ways: the layer of this name, or a function that does the same.
    """
    values = ops.cast(ops.clip(values, -LARGEST, LARGEST), "float64")
    above = ops.reshape(ops.cast(questions(values) > 0, "float32"), (-1, *shape))
    return answers(ops.cast(ways(above), "int32"))
