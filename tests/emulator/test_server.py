"""Where the emulator listens, under which names it responds, and how it ends."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from pulumi_ngrok_tg.emulator import Emulator, Fault, Request, Settings
from tests.conftest import KEY
from tests.emulator.api import PATH, Api


def test_the_named_host_gets_responses() -> None:
    with Emulator(api_keys=(KEY,), host="ngrok-emulator") as server:
        assert server.url == f"http://ngrok-emulator:{server.port}"
        api = Api(f"http://127.0.0.1:{server.port}")
        named = api.get(PATH, headers={"Host": f"NGROK-emulator:{server.port}"})
        assert named.json()["uri"] == f"http://NGROK-emulator:{server.port}{PATH}"
        assert api.get(PATH).status_code == 200
        for host in ("evil.example.com", f"evil-ngrok-emulator:{server.port}", "ngrok-emulator.evil:80"):
            assert api.get(PATH, headers={"Host": host}).status_code == 403
            assert api.get("/_emulator/settings", headers={"Host": host}).status_code == 403


def test_the_ipv6_loopback_is_served(emulator: Emulator) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    assert Api(f"http://[::1]:{emulator.port}").get(PATH).status_code == 200


def test_hear_gets_each_request_with_its_outcome() -> None:
    heard: list[Request] = []
    with Emulator(api_keys=(KEY,), hear=heard.append) as server:
        server.fault(drop="after", times=1)
        api = Api(server.url)
        with pytest.raises(requests.ConnectionError):
            api.get(PATH)
        api.get(PATH)
        api.get("/_emulator/settings")
    assert [(one.method, one.path, one.status) for one in heard] == [("GET", PATH, None), ("GET", PATH, 200)]


def test_a_fault_that_no_request_has_met_fails_the_check(emulator: Emulator, api: Api) -> None:
    emulator.check()
    emulator.fault(method="GET", status=500)
    emulator.fault(method="DELETE", status=500, times=None)
    api.get(PATH)
    with pytest.raises(AssertionError, match=r"No request has met Fault\(method='DELETE'"):
        emulator.check()
    api.delete(f"{PATH}/bkdtg_x")
    emulator.check()
    emulator.fault(method="POST", status=500)
    emulator.faults.clear()
    emulator.check()
    emulator.faults.append(Fault(status=500))
    with pytest.raises(AssertionError, match="No request has met"):
        emulator.check()


def test_a_key_rotates_before_its_first_request() -> None:
    with Emulator(api_keys=("old-key",), backends=[{"description": "a"}]) as server:
        for new in ("old-key", "new-key"):
            server.rotate_key("old-key", new)
        assert [Api(server.url, key).get(PATH).status_code for key in ("old-key", "new-key")] == [401, 200]
        assert len(server.account("new-key").backends) == 1


@pytest.mark.parametrize("host", ["", "::1", "[::1]", "a:1", "a b", "a;b", "http://a", "a/b", "ä"])
def test_a_host_that_makes_no_address_is_rejected(host: str) -> None:
    with pytest.raises(ValueError, match="A host is a name or an IPv4 address, without a port"):
        Emulator(host=host)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, only 127.0.0.1 of the loopback addresses is there")
@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        ("127.0.0.2", ["127.0.0.2"]),
        ("api.test", ["127.0.0.1", "127.0.0.2"]),
    ],
)
def test_only_a_name_of_another_machine_is_served_on_all_interfaces(host: str, reached: list[str]) -> None:
    def is_open(address: str) -> bool:
        with suppress(ConnectionRefusedError), socket.create_connection((address, server.port), timeout=20):
            return True
        return False

    with Emulator(host=host) as server:
        assert server.url == f"http://{host}:{server.port}"
        assert [address for address in ("127.0.0.1", "127.0.0.2") if is_open(address)] == reached
        assert (server.api_key == "any-key") == (host != "api.test")
        url, named = f"http://{reached[0]}:{server.port}", {"Host": f"{host}:{server.port}"}
        assert Api(url, server.api_key).get(PATH, headers=named).status_code == 200
        assert Api(url, "any-key").get(PATH, headers=named).status_code == (401 if host == "api.test" else 200)


def test_clear_begins_again(emulator: Emulator, api: Api) -> None:
    emulator.set(max_labels=1)
    emulator.fault(method="DELETE", status=500)
    emulator.rotate_key(KEY, "new-key")
    emulator.account("new-key").create({"labels": {"app": "web"}})
    api.get(PATH)
    emulator.clear()
    assert api.get(PATH).json()["backends"] == []
    assert (emulator.settings, emulator.faults, emulator.requests.methods) == (Settings(), [], ["GET"])


def test_clear_ends_slow_responses_and_they_change_nothing_afterwards(emulator: Emulator, api: Api) -> None:
    emulator.fault(method="POST", stall=600)
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(api.post, PATH, json={})
        while emulator.peak == 0:  # until it has arrived
            pass
        emulator.clear()
        assert stalled.result(timeout=10).status_code == 201
    assert (list(emulator.account(KEY).backends), emulator.requests) == ([], [])


FORKED = """
import os, signal, socket
from pulumi_ngrok_tg.emulator import Emulator
server = Emulator()
server.start()
child = os.fork()
if child == 0:
    signal.pause()
server.stop()
try:
    socket.create_connection(("127.0.0.1", server.port), 5).close()
    print("open")
except ConnectionRefusedError:
    print("refused")
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""


def test_a_child_that_was_forked_does_not_keep_the_port() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "refused\n", done.stderr
