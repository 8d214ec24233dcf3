"""The test rows that a model got wrong with the most confidence."""
