"""What was measured before, in a small file of the user's."""

import hashlib
import json
import os
import pathlib

from kerakit.files import read_json, write_json

__all__ = ["key_of", "recall", "remember"]

ENTRIES = 200  # the oldest are dropped beyond so many


def key_of(**values):
    """Return the key of what a measurement depends on: a hash of JSON values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def recall(key):
    """Return the dict remembered under `key`, or `None`; a broken file holds nothing."""
    entry = _entries().get(key)
    return entry if isinstance(entry, dict) else None


def remember(key, entry):
    """Keep a dict of JSON values under `key`; where that cannot be written, it is not kept."""
    entries = _entries()
    entries.pop(key, None)
    entries = dict(list({**entries, key: entry}.items())[-ENTRIES:])
    try:
        write_json(_file(), entries, durable=False)
    except OSError:
        return


def _file():
    home = os.environ.get("XDG_CACHE_HOME", "")
    home = pathlib.Path(home) if os.path.isabs(home) else pathlib.Path("~/.cache").expanduser()
    return home / "kerakit" / "throughput.json"


def _entries():
    try:
        entries = read_json(_file())
    except (OSError, ValueError, RuntimeError):
        return {}
    return entries if isinstance(entries, dict) else {}
