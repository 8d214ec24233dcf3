"""Plots of a report."""
