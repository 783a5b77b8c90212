"""The same backend in two ngrok accounts."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend, get_tunnel_group_backends

web = TunnelGroupBackend("web", labels={"app": "web"}, description="Public website")
web_eu = TunnelGroupBackend("web-eu", labels={"app": "web"}, description="Public website, EU", account="eu")

pulumi.export("web_ids", {"default": web.id, "eu": web_eu.id})
pulumi.export("in_the_eu_before", len(get_tunnel_group_backends(account="eu").backends))
