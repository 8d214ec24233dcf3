"""The built-in sets and their sources."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping

__all__ = ["BUILTIN_SETS", "BuiltinSet"]


@dataclasses.dataclass(frozen=True)
class BuiltinSet:
    """A built-in set.

    Attributes:
        name: str.
        title: str. What a row is and what is predicted.
        task: str. Its task unless the user asks for another.
        rows: int. Rows; windows of a series to forecast; tagged sentences.
        features: int. How many numbers a row has.
        source: str. The publication that the data come from.
        target: str. Name of the target.
        unit: str or `None`. Unit of a numeric target.
    """

    name: str
    title: str
    task: str
    rows: int
    features: int
    source: str
    target: str
    unit: str | None = None


_ENTRIES = (
    BuiltinSet(
        "diabetes",
        "Diabetes patients: progression of the disease one year on",
        "regression",
        rows=442,
        features=10,
        source="Efron et al. 2004, Least Angle Regression",
        target="progression",
    ),
    BuiltinSet(
        "iris",
        "Iris flowers: species from sizes of sepal and petal",
        "multiclass",
        rows=150,
        features=4,
        source="Fisher 1936, The use of multiple measurements in taxonomic problems",
        target="species",
    ),
    BuiltinSet(
        "wine",
        "Wines: grower from a chemical analysis",
        "multiclass",
        rows=178,
        features=13,
        source="Aeberhard & Forina 1991, UCI Machine Learning Repository",
        target="class",
    ),
    BuiltinSet(
        "breast_cancer",
        "Breast tumours: malignant or benign from cell nuclei",
        "binary",
        rows=569,
        features=30,
        source="Wolberg et al. 1993, UCI Machine Learning Repository",
        target="diagnosis",
    ),
    BuiltinSet(
        "digits",
        "Handwritten digits, images of 8x8 pixels",
        "multiclass",
        rows=1797,
        features=64,
        source="Alpaydin & Kaynak 1998, UCI Machine Learning Repository",
        target="digit",
    ),
    BuiltinSet(
        "control_charts",
        "Control charts of a machine, 60 steps each: normal, cyclic, a trend or a shift",
        "multiclass",
        rows=600,
        features=60,
        source="Alcock & Manolopoulos 1999, Time-series similarity queries",
        target="pattern",
    ),
    BuiltinSet(
        "mackey_glass",
        "Chaotic series of 5,000 steps: the next 84 from 168",
        "forecast",
        rows=4583,
        features=168,
        source="Mackey & Glass 1977, Oscillation and chaos in physiological control systems",
        target="value",
    ),
    BuiltinSet(
        "messages",
        "Toy e-mails, put together from templates: wanted (ham) or not (spam)",
        "binary",
        rows=600,
        features=1,
        source="generated from phrases written for kerakit; no real mail",
        target="label",
    ),
    BuiltinSet(
        "sentences",
        "Toy English sentences, made by a small grammar: the part of speech of each word",
        "tagging",
        rows=800,
        features=1,
        source="generated from a grammar written for kerakit; no real text",
        target="tag",
    ),
)

BUILTIN_SETS: Mapping[str, BuiltinSet] = types.MappingProxyType(
    {entry.name: entry for entry in _ENTRIES}
)
"""Read-only mapping from name to `BuiltinSet`."""
