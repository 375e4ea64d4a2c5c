"""Linear algebra on the last two axes."""
