"""What runs in the provider's process, beside the engine."""
