"""What the stack holds; importable, so that tests can run it."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend


def backend_of(app: str, environment: str) -> TunnelGroupBackend:
    """A backend as this team names and describes them."""
    return TunnelGroupBackend(
        app,
        labels={"app": app, "env": environment},
        description=f"{app} ({environment})",
        opts=pulumi.ResourceOptions(protect=environment == "prod"),
    )
