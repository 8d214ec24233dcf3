"""Rows that stay on disk: memory-mapped columns, and windows cut when a batch asks for them."""
