"""Texts and tagged sentences: `load_text`, `load_tagged`, and vocabularies."""
