"""Tags of a sentence that are chosen together, and the schemes that they obey."""
