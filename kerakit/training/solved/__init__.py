"""Linear models whose best weights are computed instead of trained."""
