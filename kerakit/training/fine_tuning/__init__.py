"""Fine-tuning of pretrained backbones, stage by stage."""

from kerakit.training.fine_tuning.fine_tune import STRATEGIES, fine_tune

__all__ = ["STRATEGIES", "fine_tune"]
