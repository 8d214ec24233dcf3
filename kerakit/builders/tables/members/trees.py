"""Trees of a row: questions of its columns, and an answer at the end of each way through them."""

from __future__ import annotations

import keras
from keras import ops

from kerakit.builders.contract import TREE_ANSWERS, TREE_QUESTIONS
from kerakit.builders.parts import in_float32

__all__ = ["answers_of_trees", "tree_scores"]


@in_float32()
def tree_scores(
    values: keras.KerasTensor, trees: int, depth: int, members: int, scores: int
) -> keras.KerasTensor:
    """Build the scores of boosted trees, which `kk.fit` grows after the last epoch.

    The layer `trees.questions` holds a threshold and a column for each question, and
    `trees.answers` what is at the end of each way. All are 0 in a new model, and so are the scores.

    Args:
        values: tensor of shape `(batch, columns)`.
        trees, depth: ints. How many trees a member has, and how many questions a tree asks a row.
        members, scores: ints. How many forests there are, and how many numbers each returns.

    Returns:
        Tensor of shape `(batch, members, scores)`.
    """
    count = members * trees
    zeros = {"embeddings_initializer": "zeros", "trainable": False, "dtype": "float32"}
    questions = keras.layers.Embedding(count * ((1 << depth) - 1), 2, name=TREE_QUESTIONS, **zeros)
    answers = keras.layers.Embedding(count << depth, scores, name=TREE_ANSWERS, **zeros)
    found = answers_of_trees(values, questions, answers, depth)
    return ops.sum(ops.reshape(found, (-1, members, trees, scores)), axis=2)


def answers_of_trees(
    values: keras.KerasTensor,
    questions: keras.layers.Embedding,
    answers: keras.layers.Embedding,
    depth: int,
) -> keras.KerasTensor:
    """Build what each tree answers, `(batch, trees, scores)`.

    All trees are descended at once, a level at a time. At place p of a level, a row goes on to
    place `2 * p`, or to `2 * p + 1` where its value is above the threshold. Look-ups take less time
    than the products of matrices that ask all questions of a tree (Nakandala et al. 2020, OSDI).

    Args:
        values: tensor of shape `(batch, columns)`.
        questions: `Embedding` layer of `2 ** depth - 1` questions for each tree, level by level:
            the threshold, and the number of the column.
        answers: `Embedding` layer of `2 ** depth` answers for each tree.
        depth: int. How many questions a tree asks a row.
    """
    count, asked = answers.input_dim >> depth, (1 << depth) - 1
    one = ops.ones_like(values[:, :1])
    # Numbers of rows and of trees, from 0 on: whole numbers up to 2 ** 24 are exact in float32.
    first = values.shape[-1] * (ops.cumsum(one, axis=0) - 1)
    tree = ops.cumsum(ops.tile(one, (1, count)), axis=1) - 1
    table, place = ops.reshape(values, (-1,)), 0.0 * tree
    for level in range(depth):
        question = questions(tree * asked + (place + (1 << level) - 1))
        column = ops.cast(question[..., 1] + first, "int32")
        above = ops.take(table, column) > question[..., 0]
        place = 2 * place + ops.cast(above, "float32")
    return answers(tree * (1 << depth) + place)
