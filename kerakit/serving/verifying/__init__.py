"""Proof that an export answers as measured: `verify`."""
