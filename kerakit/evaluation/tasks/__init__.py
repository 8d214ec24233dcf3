"""For each kind of answer: metrics, baselines and plots."""
