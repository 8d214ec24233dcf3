"""Texts: `load_text`, and vocabularies."""
