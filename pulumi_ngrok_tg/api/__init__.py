"""ngrok's HTTP API for tunnel group backends. Knows nothing of Pulumi."""
