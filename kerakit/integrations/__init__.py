"""Bridges to other libraries, each in a room of its own, imported by its name only."""
