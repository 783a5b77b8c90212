"""A client of the emulated API that adds nothing but ngrok's headers, over connections that it keeps."""

import re
from typing import Any

import psutil
import requests

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY

PATH = "/backends/tunnel_group"
JSON = {"Content-Type": "application/json"}


class Api(requests.Session):
    """A session with ngrok's headers and base URL."""

    def __init__(self, base_url: str, key: str = KEY) -> None:
        super().__init__()
        self.trust_env = False
        self.base_url = base_url
        self.headers.update({"Authorization": f"Bearer {key}", "Ngrok-Version": "2"})

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(method, f"{self.base_url}{url!s}", *args, timeout=10, **kwargs)

    def create(self, **contents: Any) -> dict[str, Any]:
        """Creates a backend and returns it."""
        response = self.post(PATH, json=contents)
        assert response.status_code == 201
        created: dict[str, Any] = response.json()
        return created


def open_sockets(emulator: Emulator) -> int:
    """How many sockets the server has open; those that only wait out their time are the system's."""
    port = emulator.port
    waiting = (psutil.CONN_TIME_WAIT, psutil.CONN_FIN_WAIT1, psutil.CONN_FIN_WAIT2, psutil.CONN_LAST_ACK)
    return sum(one.laddr.port == port and one.status not in waiting for one in psutil.Process().net_connections("tcp4"))


def error_of(response: Any) -> tuple[int, str, str]:
    """Status, code and text of a response that has to be ngrok's in every way."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert body.keys() == {"error_code", "status_code", "msg", "details"}
    assert body["status_code"] == response.status_code
    assert re.fullmatch(r"op_[0-9A-Za-z]{27}", body["details"]["operation_id"])
    assert response.headers["Ngrok-Operation-Id"] == body["details"]["operation_id"]
    return response.status_code, body["error_code"].removeprefix("ERR_NGROK_"), body["msg"]


def refusal_of(response: requests.Response) -> tuple[int, str]:
    """Status and text of a response that has to be the control path's."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert body.keys() == {"error"}
    assert "\n" not in body["error"]
    return response.status_code, body["error"]
