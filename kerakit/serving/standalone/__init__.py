"""The checks of an export, for a process that has neither kerakit nor the model's code.

In that process this folder is a package of its own, `standalone`. So its modules import each
other by relative names, and nothing of kerakit.
"""
