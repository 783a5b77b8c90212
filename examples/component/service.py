"""A platform team's component: what a service behind ngrok has to have, decided once."""

from collections.abc import Sequence

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend


class Service(pulumi.ComponentResource):
    """A service with a backend for each region. Each backend names the team, and is protected if the service is.

    Args:
        name: the service's name, which its tunnels carry as the label ``app``.
        team: whom to call.
        regions: where its tunnels run; they carry the label ``region``.
        opts: Pulumi's options for the component.
    """

    backend_ids: pulumi.Output[dict[str, str]]
    """The backends' ids, by region."""

    def __init__(
        self, name: str, team: str, regions: Sequence[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("platform:ngrok:Service", name, None, opts)
        backends = {
            region: TunnelGroupBackend(
                f"{name}-{region}",
                labels={"app": name, "region": region},
                description=f"{name} in {region}",
                metadata={"team": team},
                opts=pulumi.ResourceOptions(parent=self, protect=opts.protect if opts else None),
            )
            for region in regions
        }
        self.backend_ids = pulumi.Output.all(**{region: backend.id for region, backend in backends.items()})
        self.register_outputs({"backend_ids": self.backend_ids})
