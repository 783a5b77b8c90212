"""A backend for each tenant, in a stack of its own, brought up and taken down by a program: Pulumi's Automation API.

python main.py up TENANT...       brings them up, and prints the ids of their backends
python main.py destroy TENANT...  takes them down
"""

import sys

import pulumi
from pulumi import automation

from pulumi_ngrok_tg import TunnelGroupBackend


def program_of(tenant: str) -> automation.PulumiFn:
    """What a tenant's stack holds."""

    def program() -> None:
        backend = TunnelGroupBackend("tenant", labels={"tenant": tenant}, description=f"Tenant {tenant}")
        pulumi.export("backend_id", backend.id)

    return program


def main(action: str, tenants: list[str]) -> None:
    for tenant in tenants:
        stack = automation.create_or_select_stack(tenant, project_name="tenants", program=program_of(tenant))
        if action == "up":
            print(tenant, stack.up().outputs["backend_id"].value)
        else:
            stack.destroy()
            stack.workspace.remove_stack(tenant)
            print(tenant, "is gone")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("up", "destroy"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
