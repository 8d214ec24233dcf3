"""How a check fails."""

__all__ = ["Failed", "need"]


class Failed(Exception):
    """A check failed; the text says how."""


def need(ok, otherwise):
    """Fail a check unless `ok`."""
    if not ok:
        raise Failed(otherwise)
