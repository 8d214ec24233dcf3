"""Memory and attention: what a network keeps of a sequence, and what it looks at."""

import numpy as np

from .drawing import BLUE, GREY, INK, ORANGE, figure, legend, style

LETTERS = np.array(list("abcdefgh"))
DISTANCES = (5, 10, 20, 35, 50, 100)
NOISE = 5.0
CELLS = ("rnn", "gru", "lstm")


def recurrence_and_attention(lesson):
    """Recurrence and attention: remembering, and looking it up."""
    lesson.say(
        "A bit is shown at the first step, with a mark beside it; then noise five times as large "
        "follows. What was the bit? A plain recurrent network sends its whole state, old and new "
        "alike, through the same weights at every step. LSTM and GRU have gates, which learn to "
        "let the marked step in and to shut out the others (Hochreiter and Schmidhuber 1997; Cho "
        "et al. 2014). Three networks of each, with 16 units, are trained on series of ten steps, "
        "and then asked after 5 to 100."
    )
    recall = {cell: [recalled(cell, start) for start in range(3)] for cell in CELLS}
    lesson.table(
        ["cell", "start", *(f"{steps} steps" for steps in DISTANCES)],
        [
            [cell, str(start), *(f"{share:.2f}" for share in own)]
            for cell, shares in recall.items()
            for start, own in enumerate(shares, 1)
        ],
    )
    lost = {cell: sum(min(own) < 0.9 for own in shares) for cell, shares in recall.items()}
    lesson.say(
        "These are the shares right; one half is the toss of a coin, and 0 is always the opposite. "
        "A plain network finds what works after the ten steps that it has seen: its trace of the "
        f"bit turns and fades with every step, and {lost['rnn']} of the 3 lose it somewhere. Of "
        f"the GRUs {lost['gru']} do, of the LSTMs {lost['lstm']}: a gate that is shut stays shut."
    )

    lesson.say(
        "Attention does not remember: it looks. Eight letters stand in a row, each with a digit of "
        "its own; then one of the letters is asked for. The answer is the digit beside it."
    )
    model, right, new = looked_up()
    weights = attention_of_the_last_step(model, new.rows)
    share = float(np.mean(weights[np.arange(len(new.where)), new.where]))
    lesson.say(
        f"A transformer with one head has {right:.1%} of 500 new rows right. In the last step, "
        f"where the question is, {share:.0%} of its attention is on the one place of nine that "
        f"matters; spread evenly it would be {1 / 9:.0%}."
    )
    lesson.picture(
        draw_memory(recall, weights[:10], new),
        "Recall by distance, a line for each network; the attention of the last step in ten new "
        "rows, named by the letter asked for, with a circle where that letter stood.",
    )
    lesson.goes_on("sequence-classify", "--encoder chooses among these")
    return {"recall": recall, "lost": lost, "right": right, "share": share}


def recalled(cell, start):
    """Train a cell on ten steps; the share it has right at each of `DISTANCES`."""
    import keras

    import kerakit as kk

    keras.utils.set_random_seed(start)
    rng = np.random.default_rng(start)
    model = kk.sequence_classifier((None, 2), classes=2, encoder=cell, units=16)
    kk.compile(model, "adam", learning_rate=0.01)
    x, bits = bits_in_noise(rng, np.full(1000, 10))
    model.fit(x, bits, epochs=16, batch_size=50, verbose=0)
    x, bits = bits_in_noise(rng, np.repeat(DISTANCES, 300))
    right = model.predict(x, batch_size=len(x), verbose=0).argmax(-1) == bits
    return right.reshape(len(DISTANCES), 300).mean(axis=1).tolist()


def bits_in_noise(rng, lengths):
    """Bits, and series of two channels: the bit and then noise; a mark at the bit."""
    longest = max(lengths)
    bits = rng.integers(0, 2, len(lengths))
    x = np.zeros((len(lengths), longest, 2), "float32")
    x[:, :, 0] = rng.normal(0, NOISE, x.shape[:2])
    x[:, 0, 0] = 2 * bits - 1
    x[:, 0, 1] = 1
    x[np.arange(longest) >= lengths[:, None]] = np.nan  # where a series has ended
    return x, bits


class Questions:
    """Rows of eight letters with a digit each, and a letter; one-hot, shape (count, 9, 16)."""

    def __init__(self, rng, count):
        row, place = np.arange(count), np.arange(8)
        letters = rng.permuted(np.tile(place, (count, 1)), axis=1)
        digits = rng.integers(0, 8, (count, 8))
        self.where = rng.integers(0, 8, count)
        self.asked, self.answers = letters[row, self.where], digits[row, self.where]
        self.rows = np.zeros((count, 9, 16), "float32")
        self.rows[row[:, None], place, letters] = 1
        self.rows[row[:, None], place, 8 + digits] = 1
        self.rows[row, 8, self.asked] = 1


def looked_up():
    """Train a transformer to look letters up; itself, the share right, the new rows."""
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


def attention_of_the_last_step(model, rows):
    """How much of the attention of the last step is on each step, shape (rows, steps)."""
    import keras

    network = model.get_layer("network")
    before = keras.Model(network.input, network.get_layer("norm_1a").output)
    values = before(model.get_layer("preprocess")(rows))
    layer = network.get_layer("attention_1")
    _, scores = layer(values, values, return_attention_scores=True)
    return np.asarray(scores)[:, 0, -1]  # (rows, heads, from, to): of the only head


def draw_memory(recall, weights, new):
    drawn, (left, right) = figure(2, width=5.6, height=4.6)
    style(left, "Recall by distance", "steps", "share right")
    looks = ((ORANGE, "-"), (INK, "-"), (BLUE, "--"))
    for (cell, shares), (colour, line) in zip(recall.items(), looks, strict=True):
        for start, own in enumerate(shares):
            label = cell if start == 0 else None
            left.plot(DISTANCES, own, line, color=colour, marker=".", label=label)
    left.axhline(0.5, color=GREY, linewidth=1)
    left.set_ylim(0, 1.04)
    legend(left)
    style(right, "What the last step looks at, row by row", "step", "asked for")
    right.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    right.grid(False)
    circle = {"mfc": "none", "mec": ORANGE, "markersize": 12}
    right.plot(new.where[: len(weights)], range(len(weights)), "o", **circle)
    right.set_xticks(range(9), [*map(str, range(1, 9)), "?"])
    right.set_yticks(range(len(weights)), LETTERS[new.asked[: len(weights)]])
    return drawn
