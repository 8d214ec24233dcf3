"""Solvers of convex problems that training and the baselines share."""
