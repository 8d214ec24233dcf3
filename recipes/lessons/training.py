"""How a network is trained, and how it is kept from learning the noise."""

import numpy as np

from lessons.curves import columns, surface
from lessons.drawing import BLUE, GREY, INK, ORANGE, figure, legend, style


def optimisers(lesson):
    """Optimisers: the same hill, four ways down."""
    import kerakit as kk

    lesson.say(
        "The same network, the same 1000 points, the same start; the rule for a step differs, and "
        "with it the usual rate. "
        "Plain gradient descent (SGD) follows the slope. Momentum keeps nine tenths of the last "
        "step, so that small slopes of one direction add up. Adam also divides by how large the "
        "slopes usually are, each parameter for itself (Kingma and Ba 2015)."
    )
    data = noisy(1000)
    curves, rows = {}, []
    for preset in ("sgd", "momentum", "adam", "regression"):
        losses = trained(kk, data, preset, epochs=40).history["loss"]
        curves[preset] = losses
        rows.append([preset, kk.PRESETS[preset].learning_rate, losses[0], losses[9], losses[-1]])
    lesson.table(["preset", "rate", "loss after 1", "10", "40 epochs"], rows)
    lesson.say(
        "The preset regression is Adam with a rate that falls along a cosine: long steps first, "
        "and short ones in the end, when the noise of a batch is larger than what is left to learn."
    )
    noise, rows = {}, []
    for size in (8, 64, 1000):
        losses = trained(kk, data, "sgd", epochs=40, batch_size=size).history["loss"]
        noise[size] = losses, float(np.std(np.diff(losses[20:])))
        rows.append([size, -(-1000 // size), losses[-1], noise[size][1]])
    lesson.table(["batch", "steps an epoch", "loss after 40", "jitter"], rows)
    lesson.say(
        "A batch is a sample, and its slope a guess at that of all rows. Small batches take many "
        "noisy steps an epoch and come down fastest; all rows at once is smooth and slow."
    )
    drawn, (left, right) = figure(2)
    style(left, "Four rules", "epoch", "loss")
    for (name, losses), colour in zip(curves.items(), (GREY, INK, ORANGE, BLUE), strict=True):
        left.semilogy(range(1, 41), losses, color=colour, label=name)
    legend(left)
    style(right, "SGD by batch size", "epoch", "loss")
    for (size, (losses, _)), colour in zip(noise.items(), (ORANGE, BLUE, INK), strict=True):
        right.semilogy(range(1, 41), losses, color=colour, label=f"batches of {size}")
    legend(right)
    lesson.picture(drawn, "The training loss by optimiser, and by the size of a batch.")
    lesson.goes_on("tabular_regression.py", "--preset and --learning-rate choose among them")
    return {"curves": curves, "noise": {size: jitter for size, (_, jitter) in noise.items()}}


def noisy(count, seed=0):
    """Points of a surface with noise; 500 others to test."""
    import kerakit as kk

    rng = np.random.default_rng(seed)
    x, x_test = rng.uniform(-1, 1, (count, 2)), rng.uniform(-1, 1, (500, 2))
    y = surface(x) + rng.normal(0, 0.2, count)
    test = columns(x_test), surface(x_test)
    return kk.load_arrays(columns(x), y, test=test, validation_size=0)


def trained(kk, data, preset, epochs, batch_size=64):
    """The history of a small network under a preset."""
    import keras

    keras.utils.set_random_seed(0)
    model = kk.mlp_regressor(data.spec, hidden=(32,), activation="tanh", dropout=0.0, bins=0)
    kk.compile(model, preset)
    return kk.fit(model, data, epochs=epochs, batch_size=batch_size, verbose=0)


def regularisation(lesson):
    """Regularisation: three ways not to learn the noise."""
    import keras

    import kerakit as kk

    ones = np.ones((1000, 100), "float32")
    dropped = np.asarray(keras.layers.Dropout(0.5, seed=0)(ones, training=True))
    zeros, mean = float(np.mean(dropped == 0)), float(dropped.mean())
    lesson.say(
        "Dropout sets a share of the values to 0 while training, and multiplies the others so that "
        f"the expectation stays. Of 100,000 ones under Dropout(0.5), {zeros:.1%} became 0, the "
        f"others 2, and the mean is {mean:.4f}. When the model answers, nothing is dropped."
    )
    lesson.say(
        "Fifteen noisy points of a curve, and a network of 2 x 64 units that could pass through "
        "all of them. Trained for 1000 epochs without restraint it nearly does, and bends wildly "
        "between them. L2 makes weights costly, dropout makes units unreliable, and early stopping "
        "ends when fifteen held-out points get worse."
    )
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 30)
    y = np.sin(np.pi * x) + rng.normal(0, 0.3, 30)
    grid = np.linspace(-1, 1, 200)
    truth = np.sin(np.pi * grid)
    test = {"x": grid.astype("float32")}, truth
    train, held = slice(0, 15), slice(15, 30)
    data = kk.load_arrays(
        {"x": x[train]}, y[train], test=test, validation=({"x": x[held]}, y[held])
    )
    ways = {
        "nothing": {},
        "L2 (0.01)": {"l2": 0.01},
        "dropout (0.3)": {"dropout": 0.3},
        "early stopping": {},
    }
    found = {}
    for name, options in ways.items():
        keras.utils.set_random_seed(0)
        options = {"dropout": 0.0, **options}
        model = kk.mlp_regressor(data.spec, hidden=(64, 64), activation="relu", bins=0, **options)
        kk.compile(model, "adam", learning_rate=0.01)
        stop = 100 if name == "early stopping" else False
        history = kk.fit(model, data, epochs=1000, batch_size=15, early_stopping=stop, verbose=0)
        answer = model.predict({"x": grid.astype("float32")}, verbose=0)
        own = model.predict({"x": x[train].astype("float32")}, verbose=0)
        found[name] = (
            float(np.mean((own - y[train]) ** 2)),
            float(np.mean((answer - truth) ** 2)),
            len(history.epoch),
            answer,
        )
    lesson.table(
        ["", "training error", "error to the curve", "epochs"],
        [[name, a, b, str(c)] for name, (a, b, c, _) in found.items()],
    )
    drawn, axes = figure(4, width=3.6, height=3.6)
    for axis, (name, (_, _, _, answer)) in zip(axes, found.items(), strict=True):
        style(axis, name, "x", "y")
        axis.plot(x[train], y[train], ".", color=GREY)
        axis.plot(grid, truth, color=INK, linewidth=1)
        axis.plot(grid, answer, color=BLUE if name != "nothing" else ORANGE)
        axis.set_ylim(-2, 2)
    lesson.picture(
        drawn, "The same network with and without restraint; the thin line is the truth."
    )
    lesson.goes_on("tabular_regression.py", "where dropout and early stopping are the default")
    return {
        "zeros": zeros,
        "mean": mean,
        "errors": {name: (a, b) for name, (a, b, *_) in found.items()},
    }


def generalisation(lesson):
    """Generalisation: what counts is the next example."""
    import keras

    import kerakit as kk

    lesson.say(
        "The training error tells how well the past is remembered. Validation rows are held out to "
        "make choices by: when to stop, how large a network to take. Because of these choices "
        "they look better than they should, and so a test set is opened once, in the end."
    )
    data = kk.load_builtin("digits", view="table", test_size=0.4, validation_size=0.25)
    table, held, test = (data.table(s) for s in ("train", "validation", "test"))
    counts = {}
    for count in (20, 60, 200, len(table)):
        part = kk.Data(table.take(slice(0, count)), held, test, data.spec)
        keras.utils.set_random_seed(0)
        model = kk.mlp_classifier(part.spec, hidden=(64,), dropout=0.0, bins=0)
        kk.compile(model, "adam", learning_rate=0.003)
        kk.fit(model, part, epochs=60, batch_size=min(64, count), early_stopping=False, verbose=0)
        counts[count] = [wrong(model, rows) for rows in (table.take(slice(0, count)), held, test)]
    lesson.table(
        ["examples", "training", "validation", "test"],
        [[str(n), *(f"{e:.1%}" for e in errors)] for n, errors in counts.items()],
    )
    lesson.say(
        "Errors on digits by the number of examples: more of them help where nothing else does."
    )
    sizes, best = {}, None
    part = kk.Data(table.take(slice(0, 200)), held, test, data.spec)
    for units in (1, 4, 16, 64, 256):
        keras.utils.set_random_seed(0)
        model = kk.mlp_classifier(part.spec, hidden=(units,), dropout=0.0, bins=0)
        kk.compile(model, "adam", learning_rate=0.003)
        kk.fit(model, part, epochs=60, batch_size=64, early_stopping=False, verbose=0)
        sizes[model.count_params()] = wrong(model, table.take(slice(0, 200))), wrong(model, held)
        if best is None or sizes[model.count_params()][1] < best[0]:
            best = sizes[model.count_params()][1], units, model
    lesson.table(
        ["parameters", "training", "validation"],
        [[f"{n:,}", *(f"{e:.1%}" for e in errors)] for n, errors in sizes.items()],
    )
    once = wrong(best[2], test)
    lesson.say(
        f"Of these networks, trained on 200 digits, the one with {best[1]} hidden units is chosen "
        f"by its validation error of {best[0]:.1%}. Its test error, looked at once: {once:.1%}."
    )
    drawn, (left, right) = figure(2)
    style(left, "By the number of examples", "examples", "share wrong")
    style(right, "By the number of parameters, 200 examples", "parameters", "share wrong")
    for place, (name, colour) in enumerate(
        (("training", BLUE), ("validation", ORANGE), ("test", INK))
    ):
        left.semilogx(
            list(counts), [e[place] for e in counts.values()], ".-", color=colour, label=name
        )
        if place < 2:
            right.semilogx(
                list(sizes), [e[place] for e in sizes.values()], ".-", color=colour, label=name
            )
    legend(left)
    legend(right)
    lesson.picture(drawn, "Training, validation and test error by examples and by parameters.")
    lesson.goes_on("tabular_classification.py", "whose report opens the test set once")
    return {"counts": counts, "sizes": sizes, "chosen": best[1], "once": once}


def wrong(model, rows):
    """The share of the rows that a model gets wrong."""
    features = {name: np.asarray(values) for name, values in rows.features.items()}
    return float(np.mean(model.predict(features, verbose=0).argmax(-1) != rows.target))
