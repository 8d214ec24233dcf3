"""The `preprocess` sub-model of tabular models: raw columns in, numbers out.

It has no weights to train, so that `fit` can apply it to the data once and cache the result. It
is part of the saved model, so that a server takes raw values.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import keras
import numpy as np

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.builders.tables.bins import quantile_bins
from kerakit.builders.tables.dates import date_tensors
from kerakit.checks import check, check_int, shortlist
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError

__all__ = [
    "EMBEDDING_FROM",
    "WIDTH",
    "ColumnOptions",
    "embedding_width",
    "tabular_preprocess",
]

WIDTH = "a width such as 11"  # the plain shape that builders of tables take, for errors

# Columns of up to so many categories are one-hot encoded. A dense matrix product is then cheaper
# than a gather, and a category has an effect before its embedding is learned.
EMBEDDING_FROM = 64
MAXIMUM_POLYNOMIAL_TERMS = 10_000


@dataclasses.dataclass(frozen=True)
class ColumnOptions:
    """How `tabular_preprocess` turns columns into numbers.

    Attributes:
        embedding: `"auto"`, int or `None`. Width of the embeddings of columns with more than
            `EMBEDDING_FROM` categories; `None` one-hot encodes these columns too.
        degree: int. Numeric columns are expanded to polynomials up to this degree.
        bins: int. Numeric columns are also encoded piecewise linearly over up to this many
            quantile bins (Gorishniy et al. 2022, arXiv:2203.05556); 0 for none.
        bins_last: bool. Whether the bins are behind all other numbers, so that a line can leave
            them out; else they are behind the numbers whose bins they are.
    """

    embedding: str | int | None = None
    degree: int = 1
    bins: int = 0
    bins_last: bool = False


def embedding_width(categories: int) -> int:
    """Return the width of the embedding of a column: `min(50, 1.6 * categories ** 0.56)`.

    The rule of thumb of fastai's tabular models (Howard & Gugger 2020,
    doi:10.3390/info11020108).
    """
    return min(50, round(1.6 * categories**0.56))


# Layers in `preprocess` have a dot in their names, which no column can have. The inputs and the
# layers of one model share a namespace.
NORMALIZE = "preprocess.normalize"


@in_float32()
def tabular_preprocess(
    inputs: Spec | int | tuple[int],
    options: ColumnOptions = ColumnOptions(),
    *,
    owner: str = "tabular_preprocess",
) -> tuple[dict[str, keras.KerasTensor] | keras.KerasTensor, keras.Model, list]:
    """Build the inputs of a tabular model and the `preprocess` sub-model behind them.

    Missing numbers (NaN) become the training mean. A column that has missing numbers in the
    training rows also gets an indicator. A category that is not in the training rows is a row of
    zeros (one-hot) or the out-of-vocabulary row of its embedding. A date is the numbers `days` and
    `year`, and one-hot month, weekday and hour, as far as they vary in the training rows.

    Args:
        inputs: `Spec`, or the width of a plain array (int, or a tuple `(width,)`), whose
            values are used as they are.
        options: `ColumnOptions`.
        owner: str. The builder, for errors.

    Returns:
        Tuple `(inputs, preprocess, tables)`: a dict of `keras.Input`s by name (one
        `keras.Input` named `features` for a plain width), the sub-model (output `dense` of
        shape `(batch, width)` float32 and, where categories are embedded, a second output
        `ids` of shape `(batch, columns)` int32), and the list of `(name, rows, width)` of the
        embedding tables that `ids` needs.
    """
    if not isinstance(inputs, Spec):
        return _plain(owner, inputs, options)
    features = inputs.features
    by_name = {f.name: keras.Input(f.shape, dtype=f.dtype, name=f.name) for f in features}
    numeric = [f for f in features if f.kind == "numeric"]
    categorical = [f for f in features if f.kind == "categorical"]
    dates = [f for f in features if f.kind == "date"]
    others = [f for f in features if f.kind not in ("numeric", "categorical", "date")]
    if others:
        kinds = sorted({f.kind for f in others})
        raise ArgumentError(
            f"{owner} takes numeric and categorical columns and dates. Got the columns "
            f"{shortlist((f.name for f in others), 5)} of kind {' and '.join(kinds)}. Leave "
            "them out with exclude= when you load the data."
        )
    unknown = [f.name for f in dates if not f.parts]
    if unknown:
        raise ArgumentError(
            f"{owner} needs the statistics of the dates {shortlist(unknown, 5)}, and their Feature "
            "has no parts. A loader makes a Spec with them: kk.load_arrays(df, 'TARGET').spec."
        )
    read = date_tensors(dates, by_name)
    numeric += read.features
    dense, bins = _numeric(numeric, {**by_name, **read.numbers}, options) if numeric else ([], [])
    if not options.bins_last:
        dense, bins = [*dense[:1], *bins, *dense[1:]], []
    dense += read.one_hot
    ids, tables = [], []
    for feature in categorical:
        if _is_embedded(feature, options):
            lookup = _lookup(feature, "int")(by_name[feature.name])
            ids.append(keras.ops.cast(lookup, "int32"))
            rows = len(feature.vocabulary) + 1
            width = embedding_width(rows) if options.embedding == "auto" else options.embedding
            tables.append((feature.name, rows, width))
        else:
            # Slot 0 is for categories that are not in the training rows. Its weights could not
            # be trained, so it is left out: an unknown category is all zeros.
            one_hot = _lookup(feature, "one_hot")(by_name[feature.name])
            dense.append(one_hot[:, 1:])
    dense += bins
    outputs = []
    if dense:
        outputs.append(_joined(dense, "preprocess.dense"))
    if ids:
        outputs.append(keras.ops.stack(ids, axis=-1))
    outputs = outputs[0] if len(outputs) == 1 else outputs
    return by_name, keras.Model(by_name, outputs, name=PREPROCESS), tables


def _plain(owner, shape, options):
    if isinstance(shape, (tuple, list)):
        expected = "a Data, a Spec, a width or a shape (width,)"
        check(len(shape) == 1, owner, "inputs", expected, shape)
        shape = shape[0]
    width = check_int(owner, "inputs", shape, minimum=1)
    features = keras.Input((width,), name="features")
    values = features
    if options.degree > 1:
        values = _polynomials(values, width, options.degree)
    values = keras.layers.Identity(name="preprocess.dense")(values)
    return features, keras.Model(features, values, name=PREPROCESS), []


def _numeric(features, by_name, options):
    """The normalised numbers and then the indicators of gaps; and a list of their bins."""
    scalars = [f for f in features if f.shape == ()]
    vectors = [f for f in features if f.shape != ()]
    parts = []
    if scalars:
        parts.append(keras.ops.stack([by_name[f.name] for f in scalars], axis=-1))
    parts += [by_name[f.name] for f in vectors]
    raw = _joined(parts, "preprocess.numbers")
    ordered = scalars + vectors

    def statistic(name):
        return np.concatenate([np.atleast_1d(getattr(f, name)) for f in ordered]).astype("float64")

    mean, variance = statistic("mean"), statistic("variance")
    # A column that is constant in training stays finite for every request.
    constant = variance <= 1e-12 * np.maximum(mean**2, 1e-12)
    variance = np.where(constant, 1.0, variance)
    normalize = keras.layers.Normalization(
        mean=mean.tolist(), variance=variance.tolist(), name=NORMALIZE
    )
    values = normalize(raw)
    gaps = keras.ops.isnan(values)
    values = keras.ops.where(gaps, 0.0, values)
    width = len(mean)
    if options.degree > 1:
        low, high = statistic("minimum"), statistic("maximum")
        middle = ((low + high) / 2 - mean) / np.sqrt(variance)
        half = np.where(high > low, (high - low) / 2, 1.0) / np.sqrt(variance)
        to_range = keras.layers.Rescaling(
            scale=(1 / half).tolist(), offset=(-middle / half).tolist(), name="preprocess.to_range"
        )
        parts = [_polynomials(to_range(values), width, options.degree)]
    else:
        parts = [values]
    bins = quantile_bins(ordered, values, mean, variance, options.bins) if options.bins else []
    with_gaps = np.flatnonzero(statistic("missing") > 0)
    if len(with_gaps):
        chosen = keras.ops.take(gaps, with_gaps.tolist(), axis=-1)
        parts.append(keras.ops.cast(chosen, "float32"))
    return parts, bins


def _polynomials(values, width, degree):
    """All products of Chebyshev polynomials of the columns up to a total degree.

    They span the same functions as the monomials and are far better conditioned on
    [-1, 1], so that gradient descent finds the fit (Trefethen 2013, Approximation Theory
    and Approximation Practice, chapter 3).
    """
    terms = math.comb(width + degree, degree) - 1
    if terms > MAXIMUM_POLYNOMIAL_TERMS:
        raise ArgumentError(
            f"The 'degree' parameter of polynomial_regressor gives {terms:,} terms for {width} "
            f"columns. At most {MAXIMUM_POLYNOMIAL_TERMS:,} terms are possible. Lower degree from "
            f"{degree}, or leave columns out."
        )
    powers = [keras.ops.ones_like(values), values]
    for _ in range(2, degree + 1):
        powers.append(2.0 * values * powers[-1] - powers[-2])
    table = keras.ops.concatenate(powers, axis=-1)  # column c of power p is at p * width + c
    products = None
    factors = [[] for _ in range(degree)]
    for total in range(1, degree + 1):
        for columns in itertools.combinations_with_replacement(range(width), total):
            used = [columns.count(c) * width + c for c in sorted(set(columns))]
            used += [0] * (degree - len(used))  # column 0 of power 0 is the constant 1
            for indices, index in zip(factors, used, strict=True):
                indices.append(index)
    for indices in factors:
        factor = keras.ops.take(table, indices, axis=-1)
        products = factor if products is None else products * factor
    return products


def _is_embedded(feature, options):
    return options.embedding is not None and len(feature.vocabulary) > EMBEDDING_FROM


def _lookup(feature, mode):
    return keras.layers.StringLookup(
        vocabulary=list(feature.vocabulary),
        num_oov_indices=1,
        output_mode=mode,
        name=f"preprocess.lookup_{feature.name}",
    )


def _joined(parts, name):
    if len(parts) == 1:
        return parts[0]
    return keras.layers.Concatenate(name=name)(parts)
