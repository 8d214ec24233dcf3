"""The checks of an export, for a process that has neither kerakit nor the model's code.

The package stands alone there, as `standalone`; so its modules import each other by
relative names, and nothing of kerakit.
"""
