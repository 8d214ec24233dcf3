"""Files as bytes and text: what kind they are, plain text, and folders with a class each."""
