"""Series made from published equations: the same on every machine, without a file."""

from __future__ import annotations

import math

import numpy as np

from kerakit.checks import check_int

__all__ = ["control_charts", "mackey_glass"]

# Mackey & Glass 1977, Oscillation and chaos in physiological control systems, Science 197:
# dx/dt = beta x(t - tau) / (1 + x(t - tau)^n) - gamma x(t), chaotic from tau = 16.8 on. These
# constants, the start and the step are those of nearly all forecasts of it since Jang 1993
# (ANFIS), and of MATLAB's mgdata.dat.
_TAU, _BETA, _GAMMA, _START = 17, 0.2, 0.1, 1.2
_STEPS_PER_SAMPLE = 10  # of 0.1 each

# Alcock & Manolopoulos 1999, Time-series similarity queries employing a feature-based
# approach, 7th Hellenic Conference on Informatics; also the UCI set "Synthetic Control Chart
# Time Series": 100 series of each class, of 60 steps.
_CHARTS = ("normal", "cyclic", "increasing", "decreasing", "upward shift", "downward shift")
_STEPS, _MEAN, _STD = 60, 30.0, 2.0


def mackey_glass(steps: int = 5000, *, transient: int = 1000) -> np.ndarray:
    """Generate the chaotic time series of Mackey and Glass.

    `dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t)` with `x(0) = 1.2` and `x(t) = 0`
    for `t < 0`, solved by the classical Runge-Kutta method of fourth order in steps of 0.1; the
    delayed value in the middle of a step is that of the cubic through the values and slopes
    at its ends. Sampled every 1.0. Only sums, products and quotients are used, so that all
    machines agree to the last bit, which chaos would otherwise not allow.

    Args:
        steps: int in `[1, inf)`. Samples to return. Defaults to `5000`: with the usual
            fractions 3200 to train on; Jaeger & Haas 2004 (Science 304) had 3000.
        transient: int in `[0, inf)`. Samples from t = 0 on to leave out first: the way from the
            start to the attractor. Defaults to `1000`.

    Returns:
        float64 array of shape `(steps,)`.

    Raises:
        ArgumentError: when a parameter is not in its range.

    Example:

    >>> mackey_glass(3, transient=0).round(4).tolist()  # 1.2 exp(-t / 10) at first
    [1.2, 1.0858, 0.9825]
    """
    check_int("mackey_glass", "steps", steps, minimum=1)
    check_int("mackey_glass", "transient", transient, minimum=0)
    size, delay = 1.0 / _STEPS_PER_SAMPLE, _TAU * _STEPS_PER_SAMPLE
    count = (transient + steps - 1) * _STEPS_PER_SAMPLE
    # From t = -17 on: x, and its slope just after and just before each step, which differ at
    # t = 0, where x jumps, and again a delay later.
    x = [0.0] * delay + [_START]
    after, before = [0.0] * delay, [0.0] * (delay + 1)
    for now in range(delay, delay + count):
        past = now - delay
        # Up to t = 17 the delayed value is that just before the jump.
        ends = x[past], 0.0 if past + 1 == delay else x[past + 1]
        after.append(_production(ends[0]) - _GAMMA * x[now])
        middle = (ends[0] + ends[1]) / 2 + size * (after[past] - before[past + 1]) / 8
        halfway, end = _production(middle), _production(ends[1])
        k1 = after[now]
        k2 = halfway - _GAMMA * (x[now] + size / 2 * k1)
        k3 = halfway - _GAMMA * (x[now] + size / 2 * k2)
        k4 = end - _GAMMA * (x[now] + size * k3)
        x.append(x[now] + size / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        before.append(end - _GAMMA * x[-1])
    samples = x[delay::_STEPS_PER_SAMPLE]
    return np.array(samples[transient:])


def control_charts(per_class: int = 100, *, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Generate labelled series of six classes, as seen on the control chart of a machine.

    At steps t = 1 to 60, with r drawn anew for each step from [-3, 3) and the other constants
    once for each series: `normal` 30 + 2 r; `cyclic` the same + a sin(2 pi t / T), a and T
    in [10, 15); `increasing` and `decreasing` + or - g t, g in [0.2, 0.5); `upward shift` and
    `downward shift` + or - x from step t3 on, x in [7.5, 20), t3 in [20, 40).

    Args:
        per_class: int in `[1, inf)`. Series of each class. Defaults to `100`.
        seed: int in `[0, inf)`. Defaults to `0`.

    Returns:
        `(series, labels)`: float64 array of shape `(6 * per_class, 60)`, and a list of as many
        strings.

    Raises:
        ArgumentError: when a parameter is not in its range.

    Example:

    >>> series, labels = control_charts(per_class=2)
    >>> series.shape, labels[0], labels[-1]
    ((12, 60), 'normal', 'downward shift')
    """
    check_int("control_charts", "per_class", per_class, minimum=1)
    check_int("control_charts", "seed", seed, minimum=0)
    random = np.random.default_rng(seed)
    t = np.arange(1, _STEPS + 1)

    def drawn(low, high):
        return random.uniform(low, high, (per_class, 1))

    noise = {chart: random.uniform(-3, 3, (per_class, _STEPS)) for chart in _CHARTS}
    pattern = {
        "normal": np.zeros((per_class, 1)),
        "cyclic": drawn(10, 15) * np.sin(2 * math.pi * t / drawn(10, 15)),
        "increasing": drawn(0.2, 0.5) * t,
        "decreasing": -drawn(0.2, 0.5) * t,
        "upward shift": drawn(7.5, 20) * (t >= drawn(_STEPS / 3, 2 * _STEPS / 3)),
        "downward shift": -drawn(7.5, 20) * (t >= drawn(_STEPS / 3, 2 * _STEPS / 3)),
    }
    series = [_MEAN + _STD * noise[chart] + pattern[chart] for chart in _CHARTS]
    return np.concatenate(series), [chart for chart in _CHARTS for _ in range(per_class)]


def _production(x):
    """`beta x / (1 + x^10)`, by products only."""
    square = x * x
    fourth = square * square
    return _BETA * x / (1.0 + fourth * fourth * square)
