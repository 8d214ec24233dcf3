"""Classifiers of whole series."""

import keras
from keras import ops

from kerakit.builders.contract import LINEAR_SERIES, MASK
from kerakit.builders.heads import class_head, class_task
from kerakit.builders.parts import assemble
from kerakit.builders.sequence.encoders import summarize
from kerakit.builders.sequence.options import ENCODERS, EncoderOptions
from kerakit.builders.sequence.series_preprocessing import series_preprocess
from kerakit.checks import check_choice, check_float
from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS, tasks_with

__all__ = ["sequence_classifier"]

# Of the linear path, before validation rows say better: of 0, 1/4 and 1/2 the one with the lowest
# log loss in 5-fold cross-validation of the training rows of GunPoint and ItalyPowerDemand.
_SHARE = 0.25
_MOST_VALUES = 8192  # of a series with a linear path; a longer one is solved for minutes


def sequence_classifier(
    inputs,
    *,
    classes=None,
    encoder="conv",
    units=None,
    layers=1,
    bidirectional=False,
    dropout=0.0,
    recurrent_dropout=0.0,
    attention=False,
    heads=4,
    positions="sinusoidal",
    l2=0.0,
):
    """Build a network that gives the probability of every class of a series.

    Series may be of any length, from one step on: shorter ones of a batch end in NaN, and how
    many of those there are changes no answer.

    | encoder       | network                                                      | summary    |
    |---------------|--------------------------------------------------------------|------------|
    | `conv`        | convolutions of 8, 5 and 3 steps (Wang et al. 2017)          | mean       |
    | `lstm`        | long short-term memory (Hochreiter & Schmidhuber 1997)       | last state |
    | `gru`         | gated recurrent units (Cho et al. 2014, arXiv:1406.1078)     | last state |
    | `rnn`         | h' = tanh(W x + U h + b) (Elman 1990)                        | last state |
    | `transformer` | self-attention (Vaswani et al. 2017), normalised first       | mean       |

    Where all training series have as many steps, 8,192 values at most, a logistic regression on
    their values stands beside the network. `kk.fit` solves it before the first epoch, trains the
    network by itself, and adds the scores of the two by the weights that fit the validation
    series best (a logarithmic opinion pool, as in `text_classifier`): a few dozen series are
    often told apart by levels, which convolutions, made for shapes, are slow to find. A
    shorter series counts as if the mean came after it, of a longer one the first values count.

    Args:
        inputs: `Spec` of one series and one label, or a shape `(steps,)` or `(steps,
            channels)`, where steps may be `None`: any number.
        classes: int in [2, inf). Needed with a plain shape.
        encoder: str, see above. Defaults to `"conv"`.
        units: int in [1, inf). Width of a step. Defaults to `None`: 128 for `"conv"`, as in
            the paper, else 64.
        layers: int in [1, inf). How often the encoder (for `"conv"`: its three convolutions) is
            stacked. Defaults to `1`.
        bidirectional: bool. Whether recurrent cells also read from the end. Defaults to `False`.
        dropout: float in [0, 1). Share dropped before each recurrent layer, behind each
            convolution, in each residual path of a transformer, and before the output.
        recurrent_dropout: float in [0, 1). Share of the state dropped at each step (Gal &
            Ghahramani 2016, arXiv:1512.05287); keeps an LSTM from its fast kernel.
        attention: bool. Whether the summary is a mean with learned weights. Defaults to `False`.
        heads: int. Attention heads of a transformer, a divisor of the units. Defaults to `4`.
        positions: `"sinusoidal"` or `"learned"` (512 of them). Of a transformer.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for the output layer.

    Returns:
        `keras.Model`; float32 series of shape `(batch, steps)` or `(batch, steps, channels)` in
        (in a dict by the feature's name for a `Spec`), probabilities of shape `(batch,
        classes)` out.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of one series
            and one label.

    Example:

    >>> model = sequence_classifier((None, 12), classes=9, encoder="gru", units=16)
    >>> model.output_shape, model.count_params()
    ((None, 9), 1593)
    """
    owner = "sequence_classifier"
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    check_choice(owner, "encoder", encoder, ENCODERS)
    units = (128 if encoder == "conv" else 64) if units is None else units
    options = EncoderOptions(
        owner, encoder, units, layers, bidirectional, dropout, recurrent_dropout, attention, heads,
        positions,
    )  # fmt: skip
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    by_name, preprocess = series_preprocess(owner, inputs)
    task, classes = class_task(owner, inputs, classes)
    network_in = [
        keras.Input(tensor.shape[1:], name=name)
        for tensor, name in zip(preprocess.outputs, ("values", MASK), strict=True)
    ]
    summary = summarize(*network_in, options)
    if options.dropout:
        summary = keras.layers.Dropout(options.dropout, name="dropout")(summary)
    linear = _linear_path(network_in[0], _usual_steps(inputs), TASKS[task].score_count(classes))
    answer = class_head(summary, task, classes, l2, linear, _SHARE)
    return assemble(by_name, preprocess, network_in, answer, owner)


def _usual_steps(inputs):
    """How many steps all training series of a `Spec` have, or `None`."""
    if not isinstance(inputs, Spec):
        return None
    (feature,) = inputs.features
    lengths = set(feature.quantiles)
    return int(lengths.pop()) if len(lengths) == 1 else feature.shape[0]


def _linear_path(values, steps, scores):
    """A weight for every value of a series of so many steps, or `None`."""
    width = values.shape[-1]
    if steps is None or steps * width > _MOST_VALUES:
        return None
    read = ops.pad(values, [[0, 0], [0, steps], [0, 0]])[:, :steps]
    flat = keras.layers.Reshape((steps * width,), name="flat")(read)
    return keras.layers.Dense(
        scores, kernel_initializer="zeros", dtype="float32", name=LINEAR_SERIES
    )(flat)
