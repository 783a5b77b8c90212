"""Adopts a backend that was made by hand: nothing is written, and the preview names what differs."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend

web = TunnelGroupBackend(
    "web",
    labels={"app": "web", "dc": "fra"},
    description="Public website",
    opts=pulumi.ResourceOptions(import_=pulumi.Config().require("backendId"), protect=True),
)

pulumi.export("web_id", web.id)
