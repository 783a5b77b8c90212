"""Rules, as pure functions: what is checked, compared, adopted, refused, and in what words."""
