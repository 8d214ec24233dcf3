"""Test metrics of regression, classification, forecasts and tags, and the user's own."""
