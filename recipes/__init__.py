"""The recipes: one script per kind of problem, from data to a model in TensorFlow Serving.

`kerakit train JOB` runs a recipe of the installed package; in a checkout of the repository
`python recipes/NAME.py` does the same.
"""
