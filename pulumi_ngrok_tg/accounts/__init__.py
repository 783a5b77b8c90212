"""From an account's name to its settings, and to its client."""
