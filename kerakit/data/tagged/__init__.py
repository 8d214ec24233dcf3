"""Tagged sentences: `load_tagged`, from files of tokens and tags, and from tables."""
