"""The tables of `tabular_peers.py`, and what kerakit's defaults for tables are to reach."""

import statistics

TITLES = {
    "kerakit": "kerakit",
    "linear": "linear",
    "hgb": "HistGradientBoosting",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "realmlp": "RealMLP",
}
MEASURES = {"rmse": "RMSE", "log_loss": "log loss", "accuracy": "accuracy"}
AT_MOST = (
    ("california", "rmse", 44_500),
    ("adult", "log_loss", 0.277),
    ("concrete", "rmse", 3.6),
    ("energy", "rmse", 0.33),
    ("yacht", "rmse", 0.30),
    ("red wine", "rmse", 0.57),
    ("breast cancer", "log_loss", 0.075),
    ("german credit", "log_loss", 0.508),
)
AT_LEAST = (("adult", "accuracy", 0.872),)
# Set, measure, factor and peers: at most the factor times the best of the peers.
BESIDE = (
    ("diabetes", "rmse", 0.99, ("linear",)),
    ("titanic", "log_loss", 1.0, ("linear", "catboost")),
    ("penguins", "log_loss", 1.0, ("linear", "catboost")),
)
SIMPLE = ("linear", "hgb", "catboost")
MARGIN, FRACTION = 1.03, 0.75


def print_report(results):
    """Print the tables of the results, the wins and losses, and the targets."""
    means = means_of(results)
    print("Versions: " + ", ".join(dict.fromkeys(entry["version"] for entry in results)))
    for measure, title in MEASURES.items():
        best = max if measure == "accuracy" else min
        _print_table(title, means, measure, best)
    for measure, title in (("work", "CPU s without imports"), ("cpu", "CPU s with imports")):
        _print_table(title, means, measure)
    _print_wins(means)
    print("\n| target | measured | |\n| --- | --- | --- |")
    for target, measured, verdict in targets(means):
        print(f"| {target} | {measured} | {verdict} |")


def means_of(results):
    """Return a dict from set to `(splits, dict from peer to dict of means)`.

    The means are over the splits that all peers of the set have.
    """
    sets = {}
    for entry in results:
        entry = {**entry, "work": entry["cpu"] - entry["imports"]}
        sets.setdefault(entry["set"], {}).setdefault(entry["peer"], {})[entry["split"]] = entry
    means = {}
    for name, peers in sets.items():
        splits = sorted(set.intersection(*map(set, peers.values())))
        if splits:
            means[name] = (
                len(splits),
                {
                    peer: _mean([peers[peer][split] for split in splits])
                    for peer in TITLES
                    if peer in peers
                },
            )
    return means


def _mean(entries):
    keys = [key for key in (*MEASURES, "work", "cpu") if key in entries[0]]
    return {key: statistics.mean(entry[key] for entry in entries) for key in keys}


def _print_table(title, means, measure, best=None):
    """Print a row for each set, with the best in bold; without `best` also the medians."""
    shown = {name: (n, peers) for name, (n, peers) in means.items() if _has(peers, measure)}
    if not shown:
        return
    columns = [peer for peer in TITLES if any(peer in peers for _, peers in shown.values())]
    print(f"\n| {title} (splits) | " + " | ".join(TITLES[peer] for peer in columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    digits = _digits if best is not None else "{:.1f}".format
    for name, (splits, peers) in shown.items():
        cells = {peer: digits(peers[peer][measure]) if peer in peers else "" for peer in columns}
        if best is not None:
            first = cells[best(peers, key=lambda peer: peers[peer][measure])]
            cells = {p: f"**{cell}**" if cell == first else cell for p, cell in cells.items()}
        print(f"| {name} ({splits}) | " + " | ".join(cells.values()) + " |")
    if best is None:
        every = [peers for _, peers in shown.values() if set(columns) <= set(peers)]
        cells = [statistics.median([p[peer][measure] for p in every] or [0]) for peer in columns]
        print(f"| median of {len(every)} sets | " + " | ".join(map(digits, cells)) + " |")


def _has(peers, measure):
    return any(measure in means for means in peers.values())


def _digits(value):
    """Four digits, as a measure of its size needs them."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}" if value >= 1 else f"{value:.4f}"


def _print_wins(means):
    print("\n| beside CatBoost | better | level | worse |\n| --- | --- | --- | --- |")
    for peer in TITLES:
        pairs = [
            (_error(peers[peer]), _error(peers["catboost"]))
            for _, peers in means.values()
            if peer in peers and "catboost" in peers
        ]
        if peer != "catboost" and pairs:
            better, worse = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
            print(f"| {TITLES[peer]} | {better} | {len(pairs) - better - worse} | {worse} |")


def _error(measured):
    """The measure that is compared: RMSE, or log loss."""
    return measured["rmse"] if "rmse" in measured else measured["log_loss"]


def targets(means):
    """Return a list of `(target, what was measured, "met", "missed by ..." or "not measured")`."""
    rows = []
    for name, measure, bound in AT_MOST:
        rows.append(_row(means, name, measure, lambda peers, bound=bound: bound, "<="))
    for name, measure, bound in AT_LEAST:
        rows.append(_row(means, name, measure, lambda peers, bound=bound: bound, ">="))
    for name, measure, factor, others in BESIDE:

        def bound(peers, measure=measure, factor=factor, others=others):
            return factor * min(peers[other][measure] for other in others)

        rows.append(_row(means, name, measure, bound, "<=", others))
    return rows + _across(means)


def _row(means, name, measure, bound, sign, others=()):
    _, peers = means.get(name, (0, {}))
    title = f"{name}: {MEASURES[measure]}"
    if not {"kerakit", *others} <= set(peers):
        return title, "", "not measured"
    limit, reached = bound(peers), peers["kerakit"][measure]
    missing = reached / limit - 1 if sign == "<=" else 1 - reached / limit
    verdict = "met" if missing <= 0 else f"missed by {missing:.1%}"
    return f"{title} {sign} {_digits(limit)}", _digits(reached), verdict


def _across(means):
    """The two targets over all sets."""
    pairs, behind = [], []
    for name, (_, peers) in means.items():
        if "kerakit" in peers and "catboost" in peers:
            pairs.append(_error(peers["kerakit"]) <= _error(peers["catboost"]))
        if {"kerakit", *SIMPLE} <= set(peers):
            best = min(_error(peers[peer]) for peer in SIMPLE)
            if _error(peers["kerakit"]) > MARGIN * best:
                behind.append(f"{name} (+{_error(peers['kerakit']) / best - 1:.1%})")
    titles = (
        f"at least as good as CatBoost on {FRACTION:.0%} of the sets",
        f"on no set worse by more than {MARGIN - 1:.0%} than the best of "
        + ", ".join(TITLES[peer] for peer in SIMPLE),
    )
    if not pairs:
        return [(title, "", "not measured") for title in titles]
    fraction = sum(pairs) / len(pairs)
    return [
        (
            titles[0],
            f"{sum(pairs)} of {len(pairs)}",
            "met" if fraction >= FRACTION else f"missed by {FRACTION - fraction:.0%} of the sets",
        ),
        (
            titles[1],
            ", ".join(behind),
            f"missed on {len(behind)} sets" if behind else "met",
        ),
    ]
