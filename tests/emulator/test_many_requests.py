"""50,000 mixed requests from 16 threads, against a plain model of what an account holds."""

import http.client
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.emulator.api import PATH, open_sockets

THREADS = 16
REQUESTS = 10_000
FIELDS = ("description", "metadata", "labels")


class Worker:
    """Makes, changes, reads and deletes backends of its own, and knows what the account has to hold of them."""

    def __init__(self, emulator: Emulator, number: int) -> None:
        self._random = random.Random(number)  # noqa: S311
        self._number = number
        self._connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
        self.model: dict[str, dict[str, Any]] = {}
        self.statuses: set[int] = set()

    def run(self, count: int) -> "Worker":
        steps = [self._create, self._update, self._read, self._delete, self._list, self._err, self._tunnels]
        for _ in range(count):
            self._random.choices(steps, weights=(4, 5, 6, 3, 1, 2, 1))[0]()
        self._connection.close()
        return self

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"}
        headers |= {} if content is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        received = response.read()
        self.statuses.add(response.status)
        return response.status, json.loads(received) if received else None

    def _contents(self) -> dict[str, Any]:
        some = {
            "description": f"of {self._number}",
            "metadata": "x" * self._random.randrange(50),
            "labels": {"of": str(self._number), "n": str(self._random.randrange(9))},
        }
        return {name: value for name, value in some.items() if self._random.random() < 0.6}

    def _one(self) -> str | None:
        return self._random.choice(list(self.model)) if self.model else None

    def _create(self) -> None:
        contents = self._contents()
        status, made = self._send("POST", PATH, contents)
        assert status == 201
        assert made["id"] not in self.model
        self.model[made["id"]] = {"description": "", "metadata": "", "labels": {}, **contents}

    def _update(self) -> None:
        if id_ := self._one():
            contents = self._contents()
            status, changed = self._send("PATCH", f"{PATH}/{id_}", contents)
            self.model[id_].update(contents)
            assert (status, {name: changed[name] for name in FIELDS}) == (200, self.model[id_])

    def _read(self) -> None:
        if id_ := self._one():
            status, read = self._send("GET", f"{PATH}/{id_}")
            assert (status, {name: read[name] for name in FIELDS}) == (200, self.model[id_])

    def _delete(self) -> None:
        if id_ := self._one():
            assert self._send("DELETE", f"{PATH}/{id_}")[0] == 204
            del self.model[id_]
            assert self._send("GET", f"{PATH}/{id_}")[0] == 404

    def _list(self) -> None:
        status, page = self._send("GET", f"{PATH}?limit={self._random.randrange(1, 101)}")
        ids = [backend["id"] for backend in page["backends"]]
        assert status == 200
        assert ids == sorted(set(ids), reverse=True)

    def _err(self) -> None:
        wrong: list[tuple[str, str, dict[str, Any] | None]] = [
            ("POST", PATH, {"labels": {"a=b": "c"}}),
            ("PATCH", f"{PATH}/bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4", {}),
            ("PUT", PATH, {}),
            ("GET", f"{PATH}?limit=0", None),
            ("GET", "/nowhere", None),
        ]
        status, error = self._send(*self._random.choice(wrong))
        assert 400 <= status < 500
        assert error["error_code"].startswith("ERR_NGROK_")

    def _tunnels(self) -> None:
        assert self._send("GET", "/tunnels")[0] == 200


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_concurrent_requests_match_a_model() -> None:
    threads = threading.active_count()
    emulator = Emulator(api_keys=(KEY,))
    emulator.start()
    emulator.account(KEY).connect_tunnel({"of": "3", "n": "3", "host": "a"})
    with ThreadPoolExecutor(THREADS) as pool:
        workers = list(pool.map(lambda number: Worker(emulator, number).run(REQUESTS // THREADS), range(THREADS)))
    assert set.union(*(worker.statuses for worker in workers)) <= {200, 201, 204, 400, 404, 405}
    held = {
        backend.id: {name: getattr(backend, name) for name in FIELDS}
        for backend in emulator.account(KEY).backends.values()
    }
    assert held == {id_: contents for worker in workers for id_, contents in worker.model.items()}
    assert len(emulator.requests) == REQUESTS
    assert emulator.peak <= THREADS
    emulator.stop()
    assert (threading.active_count(), open_sockets(emulator)) == (threads, 0)
