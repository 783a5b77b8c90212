"""Stands in for the network and for ngrok behind it: an outcome for each POST in turn, then always the last."""

import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, cast

from pulumi_ngrok_tg.api.account_settings import AccountSettings
from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.clock import Clock
from pulumi_ngrok_tg.api.creation import Creations
from pulumi_ngrok_tg.api.errors import ConnectionFailed
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS
from pulumi_ngrok_tg.api.responses import Response
from pulumi_ngrok_tg.api.session import Session
from pulumi_ngrok_tg.api.transport import Transport
from tests.reporter import Heard

Outcome = Callable[["Ngrok", Any], Response]
LOST = ConnectionFailed("The connection broke.", arrived=True)


class Ngrok:
    """An account, and what the network makes of its responses."""

    def __init__(
        self,
        *outcomes: Outcome,
        lag: int = 0,
        created_ahead: float = 0.0,
        ours_ahead: float = 0.0,
        date_ahead: float = 0.0,
        listing: Outcome | None = None,
    ) -> None:
        self.outcomes = list(outcomes)
        self.lag = lag
        """Lists that do not show a new backend yet."""
        self.created_ahead, self.ours_ahead, self.date_ahead = created_ahead, ours_ahead, date_ahead
        """Seconds by which created_at, this machine's clock, and the Date header are ahead of ngrok's clock."""
        self.listing = listing
        """The outcome of lists, if it is not what they hold."""
        self.held: dict[str, dict[str, Any]] = {}
        self.made: list[str] = []
        self.hidden: dict[str, int] = {}
        self.bodies: list[Any] = []
        self.lists = 0
        self.heard = Heard()
        self.clock = Clock(lambda: time.time() + self.ours_ahead)
        settings = AccountSettings("key", backoff=0.0, settle_pauses=(0.0, 0.0, 0.0))
        self.session = Session(settings, self.heard, cast(Transport, self))
        self.creations = Creations(self.session, self.begin_listing, self.clock, settings, self.heard)

    @property
    def posts(self) -> int:
        return len(self.bodies)

    def begin_listing(self) -> Listing[Any]:
        def fetch(call: Call, path: str) -> Any:
            return self.session.send(call, "GET", path, lambda body: body)

        return Listing(fetch, "https://x", BACKENDS)

    def exchange(self, _request: str, method: str, _path: str, body: Any, _seconds: float) -> Response:
        if method != "POST":
            self.clock.ahead = self.date_ahead - self.ours_ahead
        else:
            self.bodies.append(body)
            return (self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0])(self, body)
        self.lists += 1
        outcome, self.listing = self.listing, None
        return self.list() if outcome is None else outcome(self, body)

    def add(self, id_: str, age: float = 0.0, **contents: Any) -> dict[str, Any]:
        moment = datetime.fromtimestamp(time.time() + self.created_ahead - age, timezone.utc)
        self.held[id_] = {"id": id_, "uri": "", "created_at": moment.isoformat()}
        self.held[id_] |= {"description": "x", **contents}
        return self.held[id_]

    def make(self, body: Any, **kept: Any) -> dict[str, Any]:
        self.made.append(f"bkdtg_{len(self.made) + 1}")
        self.hidden[self.made[-1]] = self.lag
        return self.add(self.made[-1], **{"description": "", **body, **kept})

    def list(self) -> Response:
        shown = [backend for id_, backend in self.held.items() if not self.hidden.get(id_)]
        self.hidden = {id_: max(0, left - 1) for id_, left in self.hidden.items()}
        return Response(200, {"backends": shown})


def make(**kept: Any) -> Outcome:
    """Make the backend, and say so."""
    return lambda ngrok, body: Response(201, ngrok.make(body, **kept))


def lose(arrived: bool = True) -> Outcome:
    """Lose the response, or the request."""

    def outcome(ngrok: Ngrok, body: Any) -> Response:
        if arrived:
            ngrok.make(body)
        raise LOST

    return outcome


def reject(status: int, code: int = 0) -> Outcome:
    """Make nothing, and say so."""
    return lambda _ngrok, _body: Response(status, {"error_code": f"ERR_NGROK_{code}", "msg": "No."})


def show_page(status: int) -> Outcome:
    """Make the backend, and show a proxy's page."""

    def outcome(ngrok: Ngrok, body: Any) -> Response:
        ngrok.make(body)
        return Response(status, None)

    return outcome


def limit(retry_after: float = 0.01) -> Outcome:
    """Meet a limit."""
    return lambda _ngrok, _body: Response(429, {"error_code": "ERR_NGROK_226", "msg": "No."}, retry_after)


def replay(**other: Any) -> Outcome:
    """Make the backend, and respond with another one; fields of None are those of the new one."""

    def outcome(ngrok: Ngrok, body: Any) -> Response:
        made = ngrok.make(body)
        return Response(201, {**made, **{name: value for name, value in other.items() if value is not None}})

    return outcome
