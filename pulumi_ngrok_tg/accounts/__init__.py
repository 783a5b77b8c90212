"""Finds the settings of an account by its name, and makes its client."""
