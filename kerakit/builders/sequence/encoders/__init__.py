"""Encoders: from the steps of a sequence to vectors; trained ones, and fixed convolutions."""
