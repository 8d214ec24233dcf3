"""Memory and attention: what a network keeps of a sequence, and what it looks at."""

import numpy as np

from lessons.drawing import BLUE, GREY, INK, ORANGE, figure, legend, style

LETTERS = np.array(list("abcdefgh"))
DISTANCES = (5, 10, 20, 35, 50, 100)


def recurrence_and_attention(lesson):
    """Recurrence and attention: remembering, and looking it up."""
    import keras

    import kerakit as kk

    lesson.say(
        "A bit is shown at the first step, with a mark beside it; then noise five times as large "
        "follows. What was the bit? A plain recurrent network sends its whole state, old and new "
        "alike, through the same weights at every step. LSTM and GRU have gates, which learn to "
        "let the marked step in and to shut out the others (Hochreiter and Schmidhuber 1997; Cho "
        "et al. 2014). All three are trained on 5 and 10 steps, and then asked after up to 100."
    )
    recall = {cell: recalled(kk, keras, cell) for cell in ("rnn", "gru", "lstm")}
    lesson.table(
        ["share right after", *(f"{steps} steps" for steps in DISTANCES)],
        [[cell, *(f"{share:.2f}" for share in shares)] for cell, shares in recall.items()],
    )
    lesson.say(
        "What the plain network found works for the lengths it has seen, and is no better than a "
        "coin beyond. The gated cells have learned to keep: to them 100 steps are as good as 10."
    )
    lesson.say(
        "Attention does not remember: it looks. Eight letters stand in a row, each with a digit of "
        "its own; then one of the letters is asked for. The answer is the digit beside it."
    )
    rows, weights, right, share = looked_up(kk, keras)
    asked, where = rows
    lesson.say(
        f"A transformer with one head has {right:.1%} of 500 new rows right. In the last step, "
        f"where the question is, {share:.0%} of its attention is on the one place that matters; "
        f"spread evenly it would be {1 / 9:.0%}."
    )

    drawn, (left, right_axis) = figure(2, width=5.6, height=4.6)
    style(left, "Right after so many steps", "steps", "share right")
    for cell, colour in (("rnn", ORANGE), ("gru", INK), ("lstm", BLUE)):
        left.plot(DISTANCES, recall[cell], ".-", color=colour, label=cell)
    left.axhline(0.5, color=GREY, linewidth=1)
    left.set_ylim(0.4, 1.03)
    legend(left)
    style(right_axis, "What the last step looks at, row by row", "step", "row")
    right_axis.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    right_axis.grid(False)
    right_axis.plot(where, range(len(where)), "o", mfc="none", mec=ORANGE, markersize=12)
    right_axis.set_xticks(range(9), [*map(str, range(1, 9)), "?"])
    right_axis.set_yticks(range(len(asked)), asked)
    lesson.picture(
        drawn,
        "Recall by distance; the attention of the last step in ten new rows, named by the letter "
        "asked for, with a circle where that letter stood.",
    )
    lesson.goes_on("sequence_classify.py", "--cell chooses among these")
    return {
        "recall": recall,
        "right": right,
        "share": share,
    }


def recalled(kk, keras, cell):
    """Train a cell on 5 and 10 steps; the share it has right at each of `DISTANCES`."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = kk.sequence_classifier((None, 2), classes=2, cell=cell, units=6)
    kk.compile(model, "adam", learning_rate=0.01)
    for steps in (5, 10):
        model.fit(*bits_in_noise(rng, 1000, steps), epochs=10, batch_size=50, verbose=0)
    shares = []
    for steps in DISTANCES:
        x, bits = bits_in_noise(rng, 500, steps)
        answer = model.predict(x, batch_size=500, verbose=0).argmax(-1)
        shares.append(float(np.mean(answer == bits)))
    return shares


def bits_in_noise(rng, count, steps):
    """Bits, and series of two channels: the bit and then noise; a mark at the bit."""
    bits = rng.integers(0, 2, count)
    x = np.zeros((count, steps, 2), "float32")
    x[:, :, 0] = rng.normal(0, 5, (count, steps))
    x[:, 0, 0] = 2 * bits - 1
    x[:, 0, 1] = 1
    return x, bits


def looked_up(kk, keras):
    """Train a transformer to look letters up; new rows and what its last step looks at."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y, where, asked = questions(rng, 8500)
    model = kk.sequence_classifier(
        (9, 16), classes=8, cell="transformer", units=32, heads=1, attention=True
    )
    kk.compile(model, "adam", learning_rate=0.002)
    model.fit(x[:8000], y[:8000], epochs=15, batch_size=64, verbose=0)
    answer = model.predict(x[8000:], batch_size=500, verbose=0).argmax(-1)
    network = model.get_layer("network")
    before = keras.Model(network.input, network.get_layer("norm_1a").output)
    values = before(model.get_layer("preprocess")(x[8000:]))
    layer = network.get_layer("attention_1")
    _, scores = layer(values, values, return_attention_scores=True)
    last = np.asarray(scores)[:, 0, -1]  # of the only head, from the last step
    share = float(np.mean(last[np.arange(500), where[8000:]]))
    rows = LETTERS[asked[8000:8010]], where[8000:8010]
    return rows, last[:10], float(np.mean(answer == y[8000:])), share


def questions(rng, count):
    """Rows of eight letters with a digit each, and a letter; one-hot, shape (count, 9, 16)."""
    letters = rng.permuted(np.tile(np.arange(8), (count, 1)), axis=1)
    digits = rng.integers(0, 8, (count, 8))
    where = rng.integers(0, 8, count)
    row = np.arange(count)
    asked, answer = letters[row, where], digits[row, where]
    x = np.zeros((count, 9, 16), "float32")
    x[row[:, None], np.arange(8), letters] = 1
    x[row[:, None], np.arange(8), 8 + digits] = 1
    x[row, 8, asked] = 1
    return x, answer, where, asked
