"""A stack's program as its author's type checker sees it; never run. What must be an error says so."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi
from typing_extensions import assert_type

import pulumi_ngrok_tg
from pulumi_ngrok_tg import (
    GetTunnelGroupBackendResult,
    GetTunnelGroupBackendsResult,
    TunnelGroupBackend,
    TunnelRef,
    get_tunnel_group_backend,
    get_tunnel_group_backend_output,
    get_tunnel_group_backends,
    get_tunnel_group_backends_output,
)
from pulumi_ngrok_tg.emulator import Emulator, Fault, RateLimit, Request, Settings

config = pulumi.Config()

web = TunnelGroupBackend(
    "web",
    labels={"app": "web", "release": config.require_secret("release")},
    description=pulumi.Output.concat("of ", pulumi.get_stack()),
    metadata={"team": "storefront", "tier": 1},
    account="eu",
    opts=pulumi.ResourceOptions(protect=True),
    allow_operator_owned=False,
)
plain = TunnelGroupBackend("plain", {"app": "web"}, "for humans", "for machines")
adopted = pulumi_ngrok_tg.TunnelGroupBackend("adopted", opts=pulumi.ResourceOptions(import_="bkdtg_x"))
read = TunnelGroupBackend.get("read", web.id, account="eu")

assert_type(web, TunnelGroupBackend)
assert_type(read, TunnelGroupBackend)
assert_type(web.id, pulumi.Output[str])
assert_type(web.labels, pulumi.Output[Mapping[str, str]])
assert_type(web.description, pulumi.Output[str])
assert_type(web.metadata, pulumi.Output[str])
assert_type(web.account, pulumi.Output[Optional[str]])
assert_type(web.uri, pulumi.Output[str])
assert_type(web.created_at, pulumi.Output[str])
assert_type(web.tunnels, pulumi.Output[Sequence[TunnelRef]])
assert_type(web.tunnels.apply(lambda tunnels: [tunnel.id for tunnel in tunnels]), pulumi.Output[list[str]])

one = get_tunnel_group_backend(labels={"app": "web"}, account="eu")
assert_type(one, GetTunnelGroupBackendResult)
assert_type(one.id, str)
assert_type(one.labels, Mapping[str, str])
many = get_tunnel_group_backends()
assert_type(many, GetTunnelGroupBackendsResult)
assert_type([backend.id for backend in many.backends], list[str])
assert_type(get_tunnel_group_backend_output(id=web.id), pulumi.Output[GetTunnelGroupBackendResult])
assert_type(get_tunnel_group_backends_output(labels=web.labels), pulumi.Output[GetTunnelGroupBackendsResult])


def test_something(ngrok_emulator: Emulator) -> None:
    ngrok_emulator.set(latency=0.1, rate_limit=RateLimit(120, 60.0))
    assert_type(ngrok_emulator.settings, Settings)
    assert_type(ngrok_emulator.faults, list[Fault])
    assert_type(ngrok_emulator.requests[0], Request)
    assert_type(ngrok_emulator.requests[1:], list[Request])
    assert_type(ngrok_emulator.requests[0].body, Any)
    assert_type(ngrok_emulator.url, str)
    assert_type(ngrok_emulator.environment, dict[str, str])


TunnelGroupBackend("wrong", labels=["app"])  # error
TunnelGroupBackend("wrong", labels={"app": 5})  # error
TunnelGroupBackend("wrong", description=5)  # error
TunnelGroupBackend("wrong", metadata=["a"])  # error
TunnelGroupBackend("wrong", label={"app": "web"})  # error
TunnelGroupBackend(labels={"app": "web"})  # error
web.tunnel  # error
get_tunnel_group_backend(labels="app=web")  # error
pulumi_ngrok_tg.get_tunnel_group  # error
