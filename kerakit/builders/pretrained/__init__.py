"""Builders on pretrained backbones: `pretrained_classifier` and `load_backbone`."""
