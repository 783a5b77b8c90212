"""A team's own pack: the policies of pulumi-ngrok-tg as the team wants them, and one rule of the team's own."""

import json

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from pulumi_ngrok_tg.policy import tunnel_group_policies


def names_an_owner(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
    if args.resource_type != "pulumi-python:dynamic/ngrok:TunnelGroupBackend":
        return
    try:
        owner = json.loads(args.props.get("metadata") or "{}").get("owner")
    except (ValueError, AttributeError):
        return  # the policy metadata-json-object tells of that
    if not owner:
        report_violation('Metadata names no owner. Add one, such as metadata={"owner": "storefront-oncall"}.', None)


PolicyPack(
    "storefront",
    [
        *tunnel_group_policies(
            {
                "description-required": "mandatory",
                "required-label-keys": {"keys": {"app": "[a-z]+", "env": ["prod", "staging"]}},
                "protected": {"enforcementLevel": "mandatory", "labels": {"env": "prod"}},
                "max-backends": {"max": 50},
            }
        ),
        ResourceValidationPolicy(
            "owner-required",
            "A backend names its owner in metadata.",
            names_an_owner,
            EnforcementLevel.MANDATORY,
        ),
    ],
)
