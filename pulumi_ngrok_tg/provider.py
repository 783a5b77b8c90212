"""The resource provider: the engine's calls turned into calls on ngrok's API.

The engine loads :class:`TunnelGroupBackendProvider` by this module's and its own name from every state it was ever
used in, so neither may change.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_ngrok_tg import config, properties, upstream
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import TunnelGroupBackend, is_id
from pulumi_ngrok_tg.api.settings import Settings

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


class ProviderError(Exception):
    """A call of the engine's that cannot be served, said in one line."""


class TunnelGroupBackendProvider(ResourceProvider):
    """Serves ``ngrok:TunnelGroupBackend``. Holds nothing of its own: the account is a property of each resource."""

    serialize_as_secret_always = False  # the state shows what the pickle is: a name, no secret

    def __init__(self) -> None:
        super().__init__()
        self._get_config: Callable[[str], Any] = lambda _key: None

    def __reduce__(self) -> tuple[type["TunnelGroupBackendProvider"], tuple[()]]:
        return TunnelGroupBackendProvider, ()

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's config; called once in each provider process."""
        self._get_config = req.config.get
        upstream.show_as_one_line((NgrokError, ProviderError, config.ConfigError))

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Reports each bad property and a missing or malformed key. Makes no request."""
        inputs, problems = properties.check(news)
        # Without the property: the engine would print its value, secret or not (pulumi/pulumi#19465).
        failures = [CheckFailure("", problem.reason) for problem in problems]
        account = inputs.get("account")
        if account is None or (isinstance(account, str) and not any(p.property == "account" for p in problems)):
            try:
                config.read_settings(self._get_config, account)
            except config.ConfigError as error:
                failures.append(CheckFailure("", str(error)))
        return CheckResult(inputs, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares meaning; another account replaces. Makes no request."""
        moved = _olds.get("account") != _news.get("account")
        return DiffResult(
            changes=moved or bool(properties.changes(_olds, _news)),
            replaces=["account"] if moved else [],
            # The id lives in another account then, so the new backend can and should exist before the old one goes.
            delete_before_replace=False,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Creates the backend with one POST."""
        backend = self._client(props).create(properties.contents(props))
        return CreateResult(backend.id, _state(backend, props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Reads the backend, for a refresh or for ``TunnelGroupBackend.get``.

        Raises:
            NgrokError: anything but ngrok's own word that the backend is gone; the state stays as it was.
            ProviderError: the id is malformed, or a ``get`` asks for a backend that is gone.
        """
        # On a refresh the engine passes the outputs of the state; on a get nothing but the inputs.
        refresh = "created_at" in props
        if not is_id(id_):
            raise ProviderError(
                f"{id_!r} is not the id of a tunnel group backend: bkdtg_ and letters and digits. Check the id."
            )
        try:
            backend = self._client(props).read(id_)
        except NotFound as error:
            if refresh:
                return ReadResult("", {})
            raise ProviderError(
                f"There is no backend {id_} in this account. Check the id and the account. ({error})"
            ) from error
        state = _state(backend, props)
        inputs, _ = properties.check(state)
        return ReadResult(backend.id, state, inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Changes with one PATCH what has another meaning now, and nothing else."""
        try:
            backend = self._client(_news).update(_id, properties.changes(_olds, _news))
        except NotFound as error:
            raise ProviderError(
                f"The backend {_id} no longer exists. Run `pulumi refresh`, then `pulumi up` to create it. ({error})"
            ) from error
        return UpdateResult(_state(backend, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Deletes with one DELETE; already gone is a success."""
        self._client(_props).delete(_id)

    def _client(self, props: Mapping[str, Any]) -> "Client":
        return _connect(config.read_settings(self._get_config, props.get("account")))


_clients: dict[Settings, "Client"] = {}
_connecting = threading.Lock()


def _connect(settings: Settings) -> "Client":
    """Returns the one client of an account: all threads share its connections, its pace and its inventory."""
    from pulumi_ngrok_tg.api.client import Client  # here, because a program that only declares needs no requests

    with _connecting:
        if settings not in _clients:
            upstream.raise_worker_cap(settings.max_concurrency)
            _clients[settings] = Client(settings, _notify)
        return _clients[settings]


def _notify(line: str) -> None:
    """Shows a line on the live display: the engine passes on what a provider writes to stderr."""
    print(line, file=sys.stderr, flush=True)


def _state(backend: TunnelGroupBackend, props: Mapping[str, Any]) -> dict[str, Any]:
    """The resource's outputs: the backend as the API gave it, and its account."""
    return {
        "account": props.get("account"),
        "description": backend.description,
        "metadata": backend.metadata,
        "labels": dict(backend.labels),
        "uri": backend.uri,
        "created_at": backend.created_at,
        "tunnels": [{"id": tunnel.id, "uri": tunnel.uri} for tunnel in backend.tunnels],
    }
