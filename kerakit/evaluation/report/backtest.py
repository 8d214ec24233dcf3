"""The backtest of a forecast and the quantiles in a report: sentences, and rows of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerakit.evaluation.report.headline import format_number

__all__ = ["level_rows", "origin_rows", "origins_text"]

MAX_GROUPS = 100  # rows of the table; `metrics.json` has all

_NAMES = {"seasonal_naive": "the last season", "linear": "the linear model"}


def level_rows(per_level: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Return the table of quantiles, its header first.

    Args:
        per_level: dict as `Report.per_level`.

    Example:

    >>> level_rows({"0.1": {"pinball": 0.25, "below": 0.125}})
    [['level', 'pinball loss', 'true values below'], ['0.1', '0.2500', '0.1250']]
    """
    has_loss = any("pinball" in values for values in per_level.values())
    names = {"pinball": "pinball loss"} if has_loss else {}
    names["below"] = "true values below"
    return [["level", *names.values()]] + [
        [level, *(format_number(values[name]) for name in names)]
        for level, values in per_level.items()
    ]


def origin_rows(origins: Mapping[str, Any], limit: int = MAX_GROUPS) -> list[list[str]]:
    """Return the table of groups of forecast origins, its header first, mean and spread last.

    Args:
        origins: dict as `Report.origins`.
        limit: int. The most groups that have a row; of more, the first ones are shown.
    """
    metric, groups = origins["metric"], origins["groups"]
    metrics = list(dict.fromkeys((metric, "mase")))
    metrics += ["coverage"] if "coverage" in groups[0]["model"] else []
    baselines = list(groups[0]["baseline"])
    dated = any(group["first"] for group in groups)
    header = ["group", *(["forecasts from", "to"] if dated else []), "windows", *metrics]
    header += [f"{metric}, {name}" for name in baselines]
    header += [f"skill, {name}" for name in baselines]
    rows = [header]
    named = [(str(number), group) for number, group in enumerate(groups[:limit], 1)]
    for name, of in [*named, ("mean", origins["mean"]), ("std", origins["std"])]:
        times = [str(of.get(end) or "") for end in ("first", "last")] if dated else []
        values = [of["model"][one] for one in metrics]
        values += [of["baseline"][one][metric] for one in baselines]
        skill = [_percent(of["skill"][one]) for one in baselines]
        windows = f"{of['windows']:,}" if "windows" in of else ""
        rows.append([name, *times, windows, *map(format_number, values), *skill])
    if len(groups) > limit:
        rows.insert(1 + limit, [f"and {len(groups) - limit:,} more", *[""] * (len(header) - 1)])
    return rows


def origins_text(origins: Mapping[str, Any]) -> str:
    """Return how the groups were made and in how many the model is better, in plain sentences.

    Args:
        origins: dict as `Report.origins`.

    Example:

    >>> group = {"windows": 3, "skill": {"linear": 0.2}}
    >>> found = {"count": 2, "spacing": 1, "metric": "rmse", "groups": [group, group]}
    >>> print(origins_text(found).split(". ")[0])
    Backtest: the model has a lower RMSE than the linear model in 2 of 2 groups
    """
    groups, metric = origins["groups"], origins["metric"].upper()
    better = []
    for name in groups[0]["skill"]:
        known = [group["skill"][name] for group in groups if group["skill"][name] is not None]
        count = sum(value > 0 for value in known)
        better.append(f"than {_NAMES.get(name, repr(name))} in {count} of {len(known)} groups")
    first = f"the model has a lower {metric} {_listed(better)}. " if better else ""
    total = sum(group["windows"] for group in groups)
    spacing = origins["spacing"]
    text = (
        f"Backtest: {first}The {total:,} test windows, in the order of time, are cut into "
        f"{origins['count']} groups of forecast origins. "
    )
    if spacing:
        text += (
            f"Neighbouring origins are {spacing} step{'' if spacing == 1 else 's'} apart, so that "
            "windows and horizons overlap, also where two groups meet. "
        )
    return text + (
        "The model was trained once, before all of them, and is not trained again for a later "
        "group. The skill is 1 less the error in proportion to the baseline's."
    )


def _percent(value):
    return "–" if value is None else f"{round(100 * value)} %"


def _listed(parts):
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
