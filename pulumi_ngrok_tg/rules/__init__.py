"""Rules as pure functions: what is valid, equal, adopted or refused, and the messages about it."""
