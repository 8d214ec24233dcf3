"""Plots of the report, as Matplotlib figures."""
