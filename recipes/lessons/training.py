"""How a network is trained, and how it is kept from learning the noise."""

import numpy as np

from .curves import columns, surface
from .drawing import BLUE, GREEN, GREY, INK, ORANGE, figure, legend, style


def optimisers(lesson):
    """Optimisers: the same hill, several ways down."""
    from kerakit.presets import SCHEDULES

    lesson.say(
        "The same network, the same 1000 noisy points, the same start and the same rate of 0.01; "
        "only the rule for a step differs. Plain gradient descent (SGD) follows the slope. "
        "Momentum keeps nine tenths of the last step, so that small slopes of one direction add "
        "up. Adam divides by how large the slopes usually are, each parameter for itself (Kingma "
        "and Ba 2015)."
    )
    rules = {rule: losses(rule, 0.01) for rule in ("sgd", "momentum", "adam")}
    lesson.table(
        ["rule", "loss after 1 epoch", "10", "40"],
        [[rule, loss[0], loss[9], loss[39]] for rule, loss in rules.items()],
    )

    lesson.say(
        "Near the end, long steps jump about the lowest point, as each sees a batch and not all "
        "rows. So a schedule changes the rate on the way: step and cosine let it fall, one_cycle "
        "lets it rise first. (Most presets take cosine.) Below Adam with a highest rate of 0.1, "
        "far too long to end with; jitter is the spread of the loss over the last ten epochs."
    )
    schedules = {name: losses("adam", 0.1, name) for name in SCHEDULES}
    jitter = {name: float(np.std(loss[-10:])) for name, loss in schedules.items()}
    lesson.table(
        ["schedule", "loss after 10 epochs", "40", "jitter"],
        [[name, loss[9], loss[39], jitter[name]] for name, loss in schedules.items()],
    )

    lesson.say(
        "A batch is a sample, and its slope a guess at that of all rows. How far the guess is off "
        "falls with the root of its size: a batch 64 times as large is 8 times as exact, and "
        "costs 64 times as much."
    )
    sizes = {size: losses("sgd", 0.03, batch_size=size) for size in (8, 64, 512)}
    noise = {size: gradient_noise(size) for size in sizes}
    lesson.table(
        ["batch", "noise of its slope", "steps an epoch", "SGD, loss after 40"],
        [[size, noise[size], -(-1000 // size), loss[39]] for size, loss in sizes.items()],
    )
    lesson.say(
        "Many rough steps beat a few exact ones here: small batches come down fastest, epoch by "
        "epoch. (An epoch of them also takes more time.)"
    )
    lesson.picture(
        draw_descents(rules, schedules, sizes),
        "The training loss by rule and by size of batch; the rate and the loss by schedule.",
    )
    lesson.goes_on("tabular-regression", "--preset and --learning-rate choose among them")
    return {
        "rules": rules,
        "schedules": schedules,
        "jitter": jitter,
        "sizes": sizes,
        "noise": noise,
    }


def noisy_surface(count=1000):
    """Points of a surface, with noise."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (count, 2))
    return x, surface(x) + rng.normal(0, 0.2, count)


def losses(rule, rate, schedule="constant", batch_size=64):
    """The loss of each of 40 epochs of a small network."""
    import keras

    import kerakit as kk

    x, y = noisy_surface()
    data = kk.load_arrays(columns(x), y, test=(columns(x), y), validation_size=0)
    keras.utils.set_random_seed(0)  # the same start for all
    model = kk.mlp_regressor(data.spec, hidden=(32,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(model, rule, learning_rate=rate, schedule=schedule)
    return kk.fit(model, data, epochs=40, batch_size=batch_size, verbose=0).history["loss"]


def gradient_noise(size):
    """How far the gradient of a batch is from that of all rows; a line at its start."""
    x, y = noisy_surface()
    rows = -2 * y[:, None] * x  # the gradient of (w x - y)^2 for each row, where w is 0
    batches = np.random.default_rng(0).integers(0, len(y), (4000, size))
    off = rows[batches].mean(axis=1) - rows.mean(axis=0)
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1))))


def draw_descents(rules, schedules, sizes):
    from kerakit.presets import SCHEDULES

    drawn, (by_rule, by_size, rates, by_schedule) = figure(2, 2, height=3.4)
    style(by_rule, "Three rules, a rate of 0.01", "epoch", "loss")
    style(by_size, "SGD, a rate of 0.03", "epoch", "loss")
    style(rates, "Schedules", "step", "rate")
    style(by_schedule, "Adam by schedule, the last 20 epochs", "epoch", "loss")
    epochs = np.arange(1, 41)
    for (name, loss), colour in zip(rules.items(), (INK, ORANGE, BLUE), strict=True):
        by_rule.plot(epochs, loss, color=colour, label=name)
    for (size, loss), colour in zip(sizes.items(), (ORANGE, BLUE, INK), strict=True):
        by_size.plot(epochs, loss, color=colour, label=f"batches of {size}")
    for axis in (by_rule, by_size):
        axis.set_ylim(0.1, 0.6)
    for (name, loss), colour in zip(schedules.items(), (GREY, BLUE, ORANGE, GREEN), strict=True):
        rates.plot(SCHEDULES[name](0.1).simulate(640), color=colour, label=name)
        by_schedule.plot(epochs[20:], loss[20:], color=colour, label=name)
    for axis in (by_rule, by_size, rates, by_schedule):
        legend(axis)
    return drawn


def regularisation(lesson):
    """Regularisation: three ways not to learn the noise."""
    import keras

    import kerakit as kk

    ones = np.ones((1000, 100), "float32")
    dropped = np.asarray(keras.layers.Dropout(0.5, seed=0)(ones, training=True))
    zeros, mean = float(np.mean(dropped == 0)), float(dropped.mean())
    lesson.say(
        "Dropout sets a share of the values to 0 while training, and multiplies the others so that "
        f"the expectation stays. Of 100,000 ones under `Dropout(0.5)`, {zeros:.1%} became 0, the "
        f"others 2, and the mean is {mean:.4f}. When the model answers, nothing is dropped."
    )
    lesson.say(
        "Twenty noisy points of a curve, and a network of 2 x 64 units, which could pass through "
        "all of them. Trained for 1500 epochs without restraint it nearly does, and bends wildly "
        "between them. L2 makes weights costly, dropout makes units unreliable, and early stopping "
        "goes back to the weights that were best on twenty held-out points."
    )
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 40)
    y = np.sin(np.pi * x) + rng.normal(0, 0.3, 40)
    train, held = slice(0, 20), slice(20, 40)
    grid = np.linspace(-1, 1, 200)
    truth = np.sin(np.pi * grid)
    split = {"test": ({"x": grid}, truth), "validation": ({"x": x[held]}, y[held])}
    data = kk.load_arrays({"x": x[train]}, y[train], **split)
    ways = {
        "nothing": {},
        "L2 (0.01)": {"l2": 0.01},
        "dropout (0.3)": {"dropout": 0.3},
        "early stopping": {},
    }
    answers, errors, epochs = {}, {}, {}
    for name, options in ways.items():
        keras.utils.set_random_seed(0)
        patience = 300 if name == "early stopping" else False
        plain = {"activation": "relu", "bins": 0, "dropout": 0.0, **options}
        model = kk.mlp_regressor(data.spec, hidden=(64, 64), **plain)
        kk.compile(model, "adam", learning_rate=0.01)
        history = kk.fit(
            model, data, epochs=1500, batch_size=20, early_stopping=patience, verbose=0
        )
        answers[name] = model.predict({"x": grid}, verbose=0)
        own = model.predict({"x": x[train]}, verbose=0)
        errors[name] = [float(np.mean(d**2)) for d in (own - y[train], answers[name] - truth)]
        epochs[name] = len(history.epoch)
    lesson.table(
        ["", "training error", "error to the curve", "epochs"],
        [[name, *pair, epochs[name]] for name, pair in errors.items()],
    )

    drawn, axes = figure(2, 2, width=4.4, height=3.2)
    for axis, (name, answer) in zip(axes, answers.items(), strict=True):
        style(axis, name, "x", "y")
        axis.plot(x[train], y[train], ".", color=GREY)
        axis.plot(grid, truth, color=INK, linewidth=1)
        axis.plot(grid, answer, color=ORANGE if name == "nothing" else BLUE)
        axis.set_ylim(-2, 2)
    lesson.picture(
        drawn, "The same network with and without restraint; the thin line is the truth."
    )
    lesson.goes_on("tabular-regression", "where dropout and early stopping are the default")
    return {"zeros": zeros, "mean": mean, "errors": errors, "epochs": epochs}


def generalisation(lesson):
    """Generalisation: what counts is the next example."""
    import kerakit as kk

    lesson.say(
        "The training error tells how well the past is remembered; the next example is what "
        "counts. So some rows are kept out of training: validation rows, to make choices by, and "
        "test rows, to measure what was chosen. Here are the shares of handwritten digits that a "
        "network of 64 hidden units gets wrong, by how many it was trained on."
    )
    data = kk.load_builtin("digits", view="table", test_size=0.4, validation_size=0.5)
    everything = data.spec.sizes["train"]
    by_examples = {n: shares_wrong(data, n, 64)[0] for n in (20, 60, 200, everything)}
    lesson.table(
        ["examples", "training", "validation", "test"],
        [[n, *(f"{e:.1%}" for e in errors)] for n, errors in by_examples.items()],
    )
    lesson.say(
        "All are remembered, always; more of them is what helps with the next. And by how many "
        "parameters it has, trained on 200:"
    )
    by_units = {units: shares_wrong(data, 200, units) for units in (1, 4, 16, 64, 256)}
    lesson.table(
        ["hidden units", "parameters", "training", "validation", "test"],
        [
            [units, f"{size:,}", *(f"{e:.1%}" for e in errors)]
            for units, (errors, size) in by_units.items()
        ],
    )
    chosen = min(by_units, key=lambda units: by_units[units][0][1])
    lesson.say(
        f"Too few cannot learn even what they see. By the validation rows one takes {chosen} "
        "units; the test column is shown for this lesson, and nothing was chosen by it."
    )

    held, new = luck(models=1000, rows=100)
    lesson.say(
        "Why is a test set opened once? Let a thousand models toss coins, and take the one that "
        f"is best on 100 held-out rows. On these it is right in {held:.0%} of the cases, and on "
        f"100 new ones in {new:.0%} (means of 200 trials). Every choice makes the rows that it was "
        "made by look better than they should; a test set that one chooses by has become a "
        "validation set."
    )
    sizes = {size: errors for errors, size in by_units.values()}
    lesson.picture(
        draw_errors({"examples": by_examples, "parameters (200 examples)": sizes}),
        "Training, validation and test error by the number of examples and of parameters.",
    )
    lesson.goes_on("tabular-classification", "whose report opens the test set once")
    return {
        "by_examples": by_examples,
        "by_parameters": sizes,
        "chosen": chosen,
        "held": held,
        "new": new,
    }


def shares_wrong(data, examples, units):
    """Train on the first examples; the shares wrong of each split, and the parameters."""
    import keras

    import kerakit as kk

    train, held, test = (data.table(split) for split in ("train", "validation", "test"))
    train = train.take(slice(0, examples))
    part = kk.Data(train, held, test, data.spec)
    keras.utils.set_random_seed(0)
    model = kk.mlp_classifier(part.spec, hidden=(units,), dropout=0.0, bins=0)
    kk.compile(model, "adam", learning_rate=0.003)
    kk.fit(model, part, epochs=60, batch_size=min(64, examples), early_stopping=False, verbose=0)
    answers = [model.predict(t.features, verbose=0).argmax(-1) for t in (train, held, test)]
    tables = zip(answers, (train, held, test), strict=True)
    return [float(np.mean(a != table.target)) for a, table in tables], model.count_params()


def luck(models, rows, trials=200):
    """How often the best of many who toss coins is right: where it was chosen, and on new rows."""
    rng = np.random.default_rng(0)
    held = rng.binomial(rows, 0.5, (trials, models)) / rows
    new = rng.binomial(rows, 0.5, (trials, models)) / rows
    best = held.argmax(axis=1)
    return float(held.max(axis=1).mean()), float(new[np.arange(trials), best].mean())


def draw_errors(tables):
    from matplotlib.ticker import NullLocator, PercentFormatter

    drawn, axes = figure(2)
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        style(axis, f"By the number of {name}", name.partition(" ")[0], "wrong")
        names = ("training", "validation", "test")
        for place, (split, colour) in enumerate(zip(names, (BLUE, ORANGE, INK), strict=True)):
            values = [errors[place] for errors in table.values()]
            axis.semilogx(list(table), values, ".-", color=colour, label=split)
        axis.set_xticks(list(table), [f"{count:,}" for count in table])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        legend(axis)
    return drawn
