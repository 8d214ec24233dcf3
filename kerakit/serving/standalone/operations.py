"""Which operations a stock server on a CPU runs."""

import re

__all__ = ["all_nodes", "unservable"]

# Python functions and cuDNN are not on a CPU server, which also has XLA switched off.
FORBIDDEN = re.compile(r".*PyFunc.*|.*[Cc]udnn.*|Xla.*")
RANDOM = re.compile(
    r".*Random.*|.*TruncatedNormal.*|.*Multinomial.*|.*DistortedBoundingBox.*"
    r"|Stateful(Uniform|Standard).*|Rng.*"
)


def all_nodes(graph_def):
    """Return the operations of a `GraphDef` and of the functions in its library."""
    nodes = [*graph_def.node]
    for function in graph_def.library.function:
        nodes += function.node_def
    return nodes


def unservable(graph_def):
    """Return what is wrong with the first operation that must not be served, or `None`.

    The text completes "the server ...", and names the operation and where it stands.
    """
    nodes = all_nodes(graph_def)
    for what, pattern in (("cannot run", FORBIDDEN), ("would answer at random with", RANDOM)):
        for node in nodes:
            if pattern.fullmatch(node.op):
                return f"{what} the operation {node.op} ({node.name})"
    for function in graph_def.library.function:
        if function.attr["_XlaMustCompile"].b:
            return f"has XLA switched off, which {function.signature.name} needs"
    for node in nodes:
        if node.attr["_XlaMustCompile"].b:
            return f"has XLA switched off, which {node.name} needs"
    return None
