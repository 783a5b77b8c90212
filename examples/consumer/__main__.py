"""Uses the backends of another stack, through a stack reference."""

import pulumi

from pulumi_ngrok_tg import TunnelGroupBackend

producer = pulumi.StackReference(pulumi.Config().get("producer") or "organization/ngrok-basic/dev")
web_id = producer.require_output("backend_ids").apply(lambda ids: ids["web"])

fallback = TunnelGroupBackend(
    "fallback",
    labels={"app": "fallback"},
    description=pulumi.Output.concat("Takes over from ", web_id),
)

pulumi.export("stands_in_for", web_id)
pulumi.export("fallback_id", fallback.id)
