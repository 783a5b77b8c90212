"""Several tunnel group backends, and their ids for other stacks."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend

web = TunnelGroupBackend(
    "web",
    labels={"app": "web", "dc": "fra"},
    description="Public website",
    metadata={"team": "storefront", "tier": 1},
)

api = TunnelGroupBackend("api", labels={"app": "api", "dc": "fra"}, description="Public API")

# A label made of another resource's output: the canary gets its traffic only from tunnels that name the backend.
canary = TunnelGroupBackend("canary", labels={"app": "web", "canary-of": web.id})

pulumi.export("backend_ids", {"web": web.id, "api": api.id, "canary": canary.id})
pulumi.export("web_uri", web.uri)
pulumi.export("web_tunnels", web.tunnels.apply(lambda tunnels: [tunnel.id for tunnel in tunnels]))
