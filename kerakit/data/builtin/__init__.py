"""Data sets that are at hand without a download: `load_builtin`."""
