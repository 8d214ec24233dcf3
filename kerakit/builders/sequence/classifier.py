"""`sequence_classifier`: classifiers of whole series."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops

from kerakit.builders.contract import LINEAR_SERIES
from kerakit.builders.heads import class_answer, class_head, class_task
from kerakit.builders.parts import spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.sequence.encoders.encoder import ENCODERS, Positions
from kerakit.builders.sequence.series_preprocessing import SERIES
from kerakit.builders.sequence.whole_series import whole_series
from kerakit.checks import check_choice
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS, tasks_with

__all__ = ["sequence_classifier"]

CLASSIFIER_ENCODERS = ("auto", "rocket", *ENCODERS)
ClassifierEncoder = Literal["auto", "rocket", "conv", "lstm", "gru", "rnn", "transformer"]

# The weight of the linear path before `fit` sees validation rows. Of 0, 1/4 and 1/2 it had the
# lowest log loss in 5-fold cross-validation of the training rows of GunPoint and
# ItalyPowerDemand.
_LINEAR_WEIGHT = 0.25
# The same of fixed convolutions. A guess: they are mostly better than a network of few series, and
# the validation rows correct it.
_ROCKET_WEIGHT = 0.75
_MAX_VALUES = 8192  # of a series with a linear path; solving it for longer ones takes minutes


@searched(units=Choice(None, 32, 64, 256), layers=Choice(1, 2), dropout=Range(0.0, 0.5))
def sequence_classifier(
    inputs: Data | Spec | tuple[int | None] | tuple[int | None, int],
    *,
    classes: int | None = None,
    encoder: ClassifierEncoder = "auto",
    units: int | None = None,
    layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    attention: bool = False,
    heads: int = 4,
    positions: Positions = "sinusoidal",
    l2: float = 0.0,
) -> keras.Model:
    """Build a sequence classifier: fixed or trained convolutions, LSTM, GRU, RNN or transformer.

    It predicts the probability of every class of a series. Series may have any number of steps
    from 1 up. The shorter series of a batch are padded with NaN at the end; the amount of
    padding does not change the answer.

    | encoder       | network                                                      | summary    |
    |---------------|--------------------------------------------------------------|------------|
    | `rocket`      | fixed convolutions (MiniRocket, Hydra) and means of parts    | many       |
    | `conv`        | convolutions of 8, 5 and 3 steps (Wang et al. 2017)          | mean       |
    | `lstm`        | long short-term memory (Hochreiter & Schmidhuber 1997)       | last state |
    | `gru`         | gated recurrent units (Cho et al. 2014, arXiv:1406.1078)     | last state |
    | `rnn`         | h' = tanh(W x + U h + b) (Elman 1990)                        | last state |
    | `transformer` | self-attention (Vaswani et al. 2017), normalised first       | mean       |

    `"rocket"` is not trained but solved, in one epoch of `kk.fit`. Thousands of features are
    weighed by ridge regressions on six mixtures of them. Each has the penalty with the lowest log
    loss of series that are left out one at a time. The more probable a mixture makes these series,
    the more it counts in the average.

    `"auto"` has both: `"rocket"` is solved first. Where it labels fewer than six of the series
    that are left out wrongly, no network could be shown to be better (sign test at 5 %), and none
    is trained. Else `"conv"` is trained as well, and `kk.fit` adds the scores of both with the
    weights that fit the validation series best (a logarithmic opinion pool, as in
    `text_classifier`). A path of weight 0 is not exported. The history says what was chosen.

    With another encoder, if all training series have the same number of steps and at most 8,192
    values, the model also has a linear path: a logistic regression on the values of the series,
    which is solved and blended in the same way. It pads a shorter series with the mean and cuts a
    longer one off.

    Args:
        inputs: `Data` or `Spec` of one series and one label, or a shape `(steps,)` or `(steps,
            channels)`, where steps may be `None`: any number.
        classes: int in [2, inf). Needed with a plain shape.
        encoder: str, see above. `"rocket"` takes none of the other options. Defaults to `"auto"`.
        units: int in [1, inf). Width of an encoded step. Defaults to `None`: 128 for `"conv"`
            and `"auto"`, as in the paper, else 64.
        layers: int in [1, inf). How often the encoder (for `"conv"`: its three convolutions) is
            stacked. Defaults to `1`.
        bidirectional: bool. Whether a recurrent encoder also reads from the end. Defaults to
            `False`.
        dropout: float in [0, 1). Fraction that is dropped in training: before each recurrent
            layer, after each convolution, in each residual path of a transformer, and before
            the output. Defaults to `0.0`.
        recurrent_dropout: float in [0, 1). Fraction of the state that is dropped at each step
            (Gal & Ghahramani 2016, arXiv:1512.05287). It rules out the fast kernel of an LSTM.
            Defaults to `0.0`.
        attention: bool. Whether the summary is a mean with learned weights. Defaults to `False`.
        heads: int. Attention heads of a transformer, a divisor of the units. Defaults to `4`.
        positions: `"sinusoidal"` or `"learned"` (512 positions). Only of a transformer. Defaults
            to `"sinusoidal"`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for the output layer.

    Returns:
        `keras.Model`; float32 series of shape `(batch, steps)` or `(batch, steps, channels)` in
        (in a dict by the feature's name for a `Spec`), probabilities of shape `(batch,
        classes)` out.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of one series
            and one label.

    Reference:
        Dempster, Schmidt & Webb 2021 (MiniRocket, arXiv:2012.08791) and 2023 (Hydra,
        arXiv:2203.13652); Tan et al. 2022 (MultiRocket, arXiv:2102.00457); Rifkin, Yeo & Poggio
        2003 for the regression of classes; the papers in the table.

    Example:

    >>> model = sequence_classifier((None, 12), classes=9, encoder="gru", units=16)
    >>> model.output_shape, model.count_params()
    ((None, 9), 1593)
    """
    owner = "sequence_classifier"
    inputs = spec_or_shape(owner, inputs, SERIES)
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    check_choice(owner, "encoder", encoder, CLASSIFIER_ENCODERS)
    series = whole_series(
        owner,
        inputs,
        encoder,
        units=units,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        attention=attention,
        heads=heads,
        positions=positions,
        l2=l2,
    )
    task, classes = class_task(owner, inputs, classes)
    scores = TASKS[task].score_count(classes)
    if encoder == "rocket":
        return series.model(class_answer(series.fixed_scores(scores), task))
    if encoder == "auto":
        linear, weight = series.fixed_scores(scores), _ROCKET_WEIGHT
    else:
        values, _ = series.network_in
        linear, weight = _linear_path(values, _usual_steps(inputs), scores), _LINEAR_WEIGHT
    return series.model(class_head(series.summary(), task, classes, float(l2), linear, weight))


def _usual_steps(inputs):
    """The number of steps that all training series of a `Spec` have, or `None`."""
    if not isinstance(inputs, Spec):
        return None
    (feature,) = inputs.features
    lengths = set(feature.quantiles)
    return int(lengths.pop()) if len(lengths) == 1 else feature.shape[0]


def _linear_path(values, steps, scores):
    """The scores of a logistic regression on the first `steps` values, or `None`."""
    width = values.shape[-1]
    if steps is None or steps * width > _MAX_VALUES:
        return None
    read = ops.pad(values, [[0, 0], [0, steps], [0, 0]])[:, :steps]
    flat = keras.layers.Reshape((steps * width,), name="flat")(read)
    return keras.layers.Dense(
        scores, kernel_initializer="zeros", dtype="float32", name=LINEAR_SERIES
    )(flat)
