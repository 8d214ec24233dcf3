"""From rows in whatever form a user has them to answers in the same form."""
