"""Networks over steps in time and over words: encoders, and the builders on them."""
