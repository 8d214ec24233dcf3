"""Which operations a stock server on a CPU runs."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["all_nodes", "unservable"]

# A CPU server has no Python functions and no cuDNN, and XLA is switched off.
FORBIDDEN = re.compile(r".*PyFunc.*|.*[Cc]udnn.*|Xla.*")
RANDOM = re.compile(
    r".*Random.*|.*TruncatedNormal.*|.*Multinomial.*|.*DistortedBoundingBox.*"
    r"|Stateful(Uniform|Standard).*|Rng.*"
)


def all_nodes(graph_def: Any) -> list[Any]:
    """Return the operations of a `GraphDef` and of the functions in its library."""
    nodes = [*graph_def.node]
    for function in graph_def.library.function:
        nodes += function.node_def
    return nodes


def unservable(graph_def: Any) -> str | None:
    """Return why the first unfit operation of a graph cannot be served, or `None`.

    The text completes "the server ...", and names the operation and its node.
    """
    nodes = all_nodes(graph_def)
    for fault, pattern in (("cannot run", FORBIDDEN), ("would answer at random with", RANDOM)):
        for node in nodes:
            if pattern.fullmatch(node.op):
                return f"{fault} the operation {node.op} ({node.name})"
    for function in graph_def.library.function:
        if function.attr["_XlaMustCompile"].b:
            return f"has XLA switched off, which {function.signature.name} needs"
    for node in nodes:
        if node.attr["_XlaMustCompile"].b:
            return f"has XLA switched off, which {node.name} needs"
    return None
