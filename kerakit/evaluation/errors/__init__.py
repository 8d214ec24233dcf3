"""Confident errors: test rows that were misclassified with the highest confidence."""
