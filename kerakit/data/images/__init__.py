"""Images: `load_images`, decoding, orientation, and what a folder of pictures holds."""
