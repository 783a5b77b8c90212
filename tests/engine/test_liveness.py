"""Whether the engine is still there."""

import socket
import threading

import pytest

from pulumi_ngrok_tg.engine.liveness import end_with, is_listening


def test_an_engine_is_gone_once_nothing_listens_at_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        ended = threading.Event()
        assert is_listening(address)
        end_with(address, ended.set)
        assert not ended.wait(0.1)
    assert not is_listening(address)
    assert ended.wait(60)


@pytest.mark.parametrize("address", ["unix:/run/engine.sock", "127.0.0.1:port", "no-such-host.invalid:80"])
def test_an_address_that_cannot_be_tried_proves_nothing(address: str) -> None:
    assert is_listening(address)
