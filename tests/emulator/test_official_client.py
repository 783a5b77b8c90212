"""The emulator against a client nobody here wrote: ngrok's own ``ngrok-api``."""

import ngrok
import pytest
from ngrok.error import Error, NotFoundError

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY


@pytest.fixture
def client(emulator: Emulator) -> ngrok.Client:
    return ngrok.Client(KEY, emulator.url)


def test_the_whole_life_of_a_backend(client: ngrok.Client, emulator: Emulator) -> None:
    backends = client.backends.tunnel_group
    made = backends.create(description="acme", labels={"baz": "qux"}, metadata='{"a": 1}')
    assert (made.description, made.labels, made.metadata, made.tunnels) == ("acme", {"baz": "qux"}, '{"a": 1}', [])
    tunnel = emulator.account(KEY).connect_tunnel({"baz": "qux"})
    assert [found.id for found in backends.get(made.id).tunnels] == [tunnel]
    changed = backends.update(made.id, description="new", labels={"a": "b"})
    assert (changed.description, changed.labels, changed.metadata) == ("new", {"a": "b"}, '{"a": 1}')
    assert changed.created_at == made.created_at
    backends.delete(made.id)
    with pytest.raises(NotFoundError) as missing:
        backends.get(made.id)
    assert missing.value.error_code == "ERR_NGROK_6514"
    with pytest.raises(NotFoundError):
        backends.delete(made.id)


def test_the_tunnels_online(client: ngrok.Client, emulator: Emulator) -> None:
    web = client.backends.tunnel_group.create(labels={"app": "web"}).id
    ids = [emulator.account(KEY).connect_tunnel({"app": "web", "n": str(n)}, f"localhost:{n}") for n in range(5)]
    listed = list(client.tunnels.list(limit="2"))
    assert [tunnel.id for tunnel in listed] == ids[::-1]
    one = client.tunnels.get(ids[3])
    assert (one.labels, one.forwards_to, one.region) == ({"app": "web", "n": "3"}, "localhost:3", "us")
    assert [backend.id for backend in one.backends] == [web]
    assert one.tunnel_session.id.startswith("ts_")
    with pytest.raises(NotFoundError):
        client.tunnels.get("tn_2k5oiRFOzBIVpy6YJd6gXaVQu8r")


def test_a_list_over_several_pages(client: ngrok.Client) -> None:
    made = [client.backends.tunnel_group.create(description=str(number)).id for number in range(7)]
    assert [backend.id for backend in client.backends.tunnel_group.list(limit="3")] == made[::-1]
    assert [backend.id for backend in client.backends.tunnel_group.list(before_id=made[3])] == made[2::-1]


def test_errors_come_as_the_clients_own(client: ngrok.Client, emulator: Emulator) -> None:
    with pytest.raises(Error) as refused:
        client.backends.tunnel_group.create(labels={"a=b": "c"})
    assert (refused.value.error_code, refused.value.http_status_code) == ("ERR_NGROK_6531", 400)
    with pytest.raises(Error) as unauthorized:
        ngrok.Client("wrong", emulator.url).backends.tunnel_group.get("bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4")
    assert (unauthorized.value.error_code, unauthorized.value.http_status_code) == ("ERR_NGROK_203", 401)
    with pytest.raises(Error) as limited:
        list(client.backends.tunnel_group.list(limit="500"))
    assert limited.value.error_code == "ERR_NGROK_233"
