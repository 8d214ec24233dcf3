"""Recurrence and attention: what a network remembers of a sequence, and what it looks up."""
# pyright: reportArgumentType=false
# Keras declares `verbose` as a str, and documents 0.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import BLUE, GREY, INK, ORANGE, Array, figure, legend, style
from .page import Lesson

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

LETTERS = np.array(list("abcdefgh"))
DISTANCES = (5, 10, 20, 35, 50, 100)
NOISE = 5.0
ENCODERS = ("rnn", "gru", "lstm")


def recurrence_and_attention(lesson: Lesson) -> dict[str, Any]:
    """Recurrence and attention: remember a step, and look a step up."""
    lesson.say(
        "A sequence begins with a bit, 1 or -1, and a mark. Noise that is five times larger "
        "follows. The network has to recall the bit at the end. A plain recurrent network (rnn) "
        "multiplies its whole state by the same weights in every step. LSTM and GRU have gates, "
        "which learn to store the marked step and to ignore the other steps (Hochreiter and "
        "Schmidhuber 1997; Cho et al. 2014). Three networks of each kind, with 16 units and "
        "different initial weights, are trained on sequences of ten steps. They are tested on "
        "sequences of 5 to 100 steps."
    )
    recall = {encoder: [recall_of(encoder, seed) for seed in range(3)] for encoder in ENCODERS}
    lesson.table(
        ["encoder", "seed", *(f"{steps} steps" for steps in DISTANCES)],
        [
            [encoder, str(seed), *(f"{accuracy:.2f}" for accuracy in accuracies)]
            for encoder, seeds in recall.items()
            for seed, accuracies in enumerate(seeds)
        ],
    )
    lost = {
        encoder: sum(min(accuracies) < 0.9 for accuracies in seeds)
        for encoder, seeds in recall.items()
    }
    lesson.say(
        "The table shows the accuracy. One half is a coin toss, and 0 means that the answer is "
        "always the opposite. A plain network learns weights that work for the ten steps of its "
        "training. Its memory of the bit changes and fades with every further step: "
        f"{lost['rnn']} of the 3 plain networks fall below 0.9 at some length, {lost['gru']} of "
        f"the 3 GRUs and {lost['lstm']} of the 3 LSTMs. A gate that is closed stays closed."
    )

    lesson.say(
        "Attention does not remember a step; it looks the step up. A row has eight letters, each "
        "with a digit. A ninth step asks for one of the letters. The answer is the digit of that "
        "letter."
    )
    model, accuracy, new = train_lookup()
    weights = attention_of_the_last_step(model, new.rows)
    attention = float(np.mean(weights[np.arange(len(new.index)), new.index]))
    lesson.say(
        f"A transformer with one head has an accuracy of {accuracy:.1%} on 500 new rows. In the "
        f"last step, which asks the question, {attention:.0%} of its attention is on the one step "
        f"of nine that has the answer. If it were spread evenly, it would be {1 / 9:.0%}."
    )
    lesson.picture(
        draw_memory(recall, weights[:10], new),
        "Left: accuracy by number of steps, one line for each network. Right: the attention of the "
        "last step in ten new rows. The row's name is the letter that it asks for, and a circle "
        "marks the step of that letter.",
    )
    lesson.next_job("sequence-classify", "your own sequences; --encoder chooses the network")
    return {"recall": recall, "lost": lost, "accuracy": accuracy, "attention": attention}


def recall_of(encoder: str, seed: int) -> list[float]:
    """Train a network on ten steps; return its accuracy after each of `DISTANCES` steps."""
    import keras

    import kerakit as kk

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = kk.sequence_classifier((None, 2), classes=2, encoder=encoder, units=16)
    kk.compile(model, "adam", learning_rate=0.01)
    x, bits = bits_in_noise(rng, np.full(1000, 10))
    model.fit(x, bits, epochs=16, batch_size=50, verbose=0)
    x, bits = bits_in_noise(rng, np.repeat(DISTANCES, 300))
    is_correct = model.predict(x, batch_size=len(x), verbose=0).argmax(-1) == bits
    return is_correct.reshape(len(DISTANCES), 300).mean(axis=1).tolist()


def bits_in_noise(rng: np.random.Generator, lengths: Array) -> tuple[Array, Array]:
    """Sequences of two channels (the bit and then noise; the mark), and their bits."""
    longest = max(lengths)
    bits = rng.integers(0, 2, len(lengths))
    x = np.zeros((len(lengths), longest, 2), "float32")
    x[:, :, 0] = rng.normal(0, NOISE, x.shape[:2])
    x[:, 0, 0] = 2 * bits - 1
    x[:, 0, 1] = 1
    x[np.arange(longest) >= lengths[:, None]] = np.nan  # after the end of a sequence
    return x, bits


class Questions:
    """Rows of eight letters with a digit each, and a ninth step that asks for one letter.

    Attributes:
        rows: array of shape (count, 9, 16), one-hot: 8 letters and 8 digits.
        index: array of shape (count,), the step of the letter that is asked for.
        asked: array of shape (count,), that letter.
        answers: array of shape (count,), its digit.
    """

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        row, steps = np.arange(count), np.arange(8)
        letters = rng.permuted(np.tile(steps, (count, 1)), axis=1)
        digits = rng.integers(0, 8, (count, 8))
        self.index = rng.integers(0, 8, count)
        self.asked, self.answers = letters[row, self.index], digits[row, self.index]
        self.rows = np.zeros((count, 9, 16), "float32")
        self.rows[row[:, None], steps, letters] = 1
        self.rows[row[:, None], steps, 8 + digits] = 1
        self.rows[row, 8, self.asked] = 1


def train_lookup() -> tuple[keras.Model, float, Questions]:
    """Train a transformer to look letters up; return it, its accuracy, and the new rows."""
    import keras

    import kerakit as kk

    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    known, new = Questions(rng, 8000), Questions(rng, 500)
    one_head = {"units": 32, "heads": 1, "attention": True}
    model = kk.sequence_classifier((9, 16), classes=8, encoder="transformer", **one_head)
    kk.compile(model, "adam", learning_rate=0.004)
    model.fit(known.rows, known.answers, epochs=6, batch_size=128, verbose=0)
    answers = model.predict(new.rows, batch_size=500, verbose=0).argmax(-1)
    return model, float(np.mean(answers == new.answers)), new


def attention_of_the_last_step(model: keras.Model, rows: Array) -> Array:
    """The attention of the last step to each step, an array of shape (rows, steps)."""
    import keras

    network = model.get_layer("network")
    normalised = keras.Model(network.input, network.get_layer("norm_1a").output)
    values = normalised(model.get_layer("preprocess")(rows))
    layer = network.get_layer("attention_1")
    _, scores = layer(values, values, return_attention_scores=True)
    return np.asarray(scores)[:, 0, -1]  # of (rows, heads, from, to), the only head


def draw_memory(recall: dict[str, list[list[float]]], weights: Array, new: Questions) -> Figure:
    drawn, (left, right) = figure(2, width=5.6, height=4.6)
    style(left, "Accuracy by length", "steps", "accuracy")
    looks = ((ORANGE, "-"), (INK, "-"), (BLUE, "--"))
    for (encoder, seeds), (colour, line) in zip(recall.items(), looks, strict=True):
        for seed, accuracies in enumerate(seeds):
            label = encoder if seed == 0 else None
            left.plot(DISTANCES, accuracies, line, color=colour, marker=".", label=label)
    left.axhline(0.5, color=GREY, linewidth=1)
    left.set_ylim(0, 1.04)
    legend(left)
    style(right, "Attention of the last step, row by row", "step", "letter asked for")
    right.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    right.grid(False)
    circle = {"mfc": "none", "mec": ORANGE, "markersize": 12}
    right.plot(new.index[: len(weights)], range(len(weights)), "o", **circle)
    right.set_xticks(range(9), [*map(str, range(1, 9)), "?"])
    right.set_yticks(range(len(weights)), LETTERS[new.asked[: len(weights)]])
    return drawn
