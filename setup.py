"""What setup.cfg cannot say: the recipes are installed inside the package, as kerakit.recipes."""

from setuptools import find_packages, setup

RECIPES = {"kerakit.recipes": "recipes", "kerakit.recipes.lessons": "recipes/lessons"}

setup(
    packages=[*find_packages(include=["kerakit", "kerakit.*"]), *RECIPES],
    package_dir=RECIPES,
)
