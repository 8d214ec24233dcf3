"""Networks trained on ImageNet, by name: `registry` lists them, `load` builds them."""
