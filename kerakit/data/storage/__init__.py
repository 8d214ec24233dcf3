"""Columns that are not in memory as a whole: files that are mapped, and windows of a series."""
