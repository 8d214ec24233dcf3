"""Metrics of regression, classification, forecasts and tags."""
