"""Builders of models for tables: linear models and multilayer perceptrons."""
