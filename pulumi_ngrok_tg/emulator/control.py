"""The control path: faults, limits, tunnels and the request log, from outside the process. No part of ngrok's API."""

import json

from flask import Flask, Response, request

from pulumi_ngrok_tg.emulator.endpoints import ApiError
from pulumi_ngrok_tg.emulator.faults import RateLimit
from pulumi_ngrok_tg.emulator.world import World

PREFIX = "/_emulator"
_DONE = 204


def add_control_paths(app: Flask, world: World) -> None:
    """Serves the control path beside the API."""
    control = _Control(world)
    app.add_url_rule(f"{PREFIX}/settings", "settings", control.settings, methods=["PATCH"])
    app.add_url_rule(f"{PREFIX}/faults", "faults", control.faults, methods=["POST", "DELETE"])
    app.add_url_rule(f"{PREFIX}/requests", "requests", control.requests, methods=["GET", "DELETE"])
    app.add_url_rule(f"{PREFIX}/tunnels", "tunnels", control.connect, methods=["POST"])
    app.add_url_rule(f"{PREFIX}/tunnels/<id_>", "tunnel", control.disconnect, methods=["DELETE"])


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    def settings(self) -> Response:
        settings = request.get_json()
        with self._world.lock:
            for name in settings.keys() & {"latency", "max_concurrency"}:
                setattr(self._world, name, settings[name])
            if "rate_limit" in settings:
                limit = settings["rate_limit"]
                self._world.rate_limit = RateLimit(**limit) if limit else None
        return Response(status=_DONE)

    def faults(self) -> Response:
        if request.method == "POST":
            self._world.fault(**request.get_json())
        else:
            with self._world.lock:
                self._world.faults.clear()
        return Response(status=_DONE)

    def requests(self) -> Response:
        with self._world.lock:
            if request.method == "DELETE":
                self._world.requests.clear()
                return Response(status=_DONE)
            # Not the headers: they hold the key.
            shown = ("method", "path", "query", "status", "arrived", "ended")
            return _json([{name: getattr(r, name) for name in shown} for r in self._world.requests])

    def connect(self) -> Response:
        account = self._world.account_of(request)
        with self._world.lock:
            return _json({"id": account.connect_tunnel(**request.get_json())}, 201)

    def disconnect(self, id_: str) -> Response:
        account = self._world.account_of(request)
        with self._world.lock:
            if account.tunnels.pop(id_, None) is None:
                raise ApiError(404, 0, f"There is no tunnel {id_}.")
        return Response(status=_DONE)


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
