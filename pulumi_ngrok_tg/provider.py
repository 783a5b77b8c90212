"""The resource provider: the engine's calls turned into calls on ngrok's API.

The engine loads :class:`TunnelGroupBackendProvider` by this module's and its own name from every state it was ever
used in, so neither may change.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

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
from pulumi.output import Unknown

from pulumi_ngrok_tg import (
    adoption,
    advice,
    config,
    identical,
    ownership,
    properties,
    replacement,
    state,
    traffic,
    upstream,
)
from pulumi_ngrok_tg.accounts import Account, Clients, connect
from pulumi_ngrok_tg.adoption import Holders
from pulumi_ngrok_tg.api.cancellation import Cancellation
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.settings import Settings
from pulumi_ngrok_tg.engine_log import EngineLog
from pulumi_ngrok_tg.guard import Guard, Log

if TYPE_CHECKING:
    from pulumi_ngrok_tg.api.client import Client


class ProviderError(Exception):
    """A call of the engine's that cannot be served, said in one line that ends in what to do."""


class TunnelGroupBackendProvider(ResourceProvider):
    """Serves ``ngrok:TunnelGroupBackend``. Its pickle holds nothing: the account is a property of each resource.

    Args:
        clients: the clients to use; those of the process where none are given.
        log: hears what the user should know; where it is not given, the engine does.
    """

    serialize_as_secret_always = False  # the state shows what the pickle is: a name, no secret

    def __init__(self, clients: Clients | None = None, log: Log | None = None) -> None:
        super().__init__()
        self._clients = clients or _CLIENTS
        self._given_log = log
        self._run = _RUN if clients is None else _Run()
        self._get_config: Callable[[str], Any] = lambda _key: None

    def __reduce__(self) -> tuple[type["TunnelGroupBackendProvider"], tuple[()]]:
        return TunnelGroupBackendProvider, ()

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's config; called once for each pickle in each provider process."""
        self._get_config = req.config.get
        server = upstream.server()
        upstream.show_as_one_line(server, (ProviderError, config.ConfigError, traffic.Refused))
        upstream.show_differences(server)
        upstream.hear_cancel(server, _CANCELLATION.cancel)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Reports each bad property, a missing or malformed setting, and what keeps a backend from being adopted.

        Makes no request but to see a backend that is to be adopted.
        """
        self._run.declared.add(upstream.current_urn())
        inputs, problems = properties.check(news)
        # Without the property: the engine would print its value, secret or not (pulumi/pulumi#19465).
        failures = [CheckFailure("", problem.reason) for problem in problems]
        account = inputs.get("account")
        if account is None or (isinstance(account, str) and not any(p.property == "account" for p in problems)):
            try:
                config.read_settings(self._get_config, account)
                config.on_traffic_loss(self._get_config)
            except config.ConfigError as error:
                hint = advice.explain_explicit_provider(account) if isinstance(error, config.MissingKey) else ""
                failures.append(CheckFailure("", f"{error}{hint}"))
        if replacement.INPUT in news:
            self._run.refusing.add(upstream.current_urn())
        if wanted := adoption.read_adoption(news):
            if wanted.id is not None:
                inputs[adoption.INPUT] = wanted.id
            # What is in the state already is adopted or made; diff sees whether it is the same backend.
            if not (_olds or failures or isinstance(account, Unknown)):
                failures += [CheckFailure("", refusal) for refusal in self._adopt(wanted, inputs)]
        if not (_olds or failures):
            failures += [CheckFailure("", refusal) for refusal in self._refuse_replacement(news)]
        return CheckResult(inputs, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares meaning; another account replaces. Makes no request but to see what a change does to traffic.

        Raises:
            traffic.Refused: tunnels would leave, and the stack's setting refuses that.
        """
        named = _news.get(adoption.INPUT, _id)
        if named != _id and not isinstance(named, Unknown):
            raise ProviderError(adoption.manages_another(_id, named))
        urn = upstream.current_urn()
        if urn in self._run.declared:  # else the engine compares what a refresh has read, and changes nothing
            self._guard().before_change(_id, _olds, _news)
        differences = properties.differences(_olds, _news)
        upstream.tell_differences(
            {path: kind + ("_REPLACE" if path == "account" else "") for path, kind in differences.items()}
        )
        if urn in self._run.declared and "account" not in differences:
            self._run.holders.keep(_id, urn)
        return DiffResult(
            changes=bool(differences),
            replaces=["account"] if "account" in differences else [],
            # The id lives in another account then, so the new backend can and should exist before the old one goes.
            delete_before_replace=False,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Creates the backend with one POST, or adopts one, as :meth:`check` has seen it, without a request."""
        self._require_no_loss(self._run.replaced.get(upstream.current_urn()))
        with self._account(props) as account:
            if id_ := props.get(adoption.INPUT):
                backend = account.client.read(id_)
            else:
                backend = account.client.create(properties.contents(props))
                self._run.holders.keep(backend.id, upstream.current_urn())
            return CreateResult(backend.id, state.outputs(backend, props.get("account"), account.fingerprint))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Reads the backend, for a refresh or for ``TunnelGroupBackend.get``.

        Raises:
            ProviderError: anything but ngrok's own word that the backend is gone, said to the key that saw it last;
                the state stays as it was. Or a ``get`` asks for a backend that is gone.
        """
        # On a refresh the engine passes the outputs of the state; on a get nothing but the inputs.
        refresh = "created_at" in props
        with self._account(props) as account:
            try:
                backend = account.client.read(id_) if refresh else account.client.get(id_)
            except NotFound as error:
                if refresh:
                    _require_same_key(error, props, account)
                    return ReadResult("", {})
                raise ProviderError(advice.missing(error, id_)) from error
            outputs = state.outputs(backend, props.get("account"), account.fingerprint)
            if not refresh or props.get(state.READ_ONLY):
                outputs[state.READ_ONLY] = True
        inputs, _ = properties.check(outputs)
        return ReadResult(backend.id, outputs, inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Changes with one PATCH what has another meaning now, and nothing else."""
        with self._account(_news) as account:
            guard = self._guard()
            try:
                backend = account.client.update(
                    _id,
                    properties.changes(_olds, _news),
                    partial(guard.before_update, _id, _olds, _news) if guard.refuses else None,
                )
            except NotFound as error:
                _require_same_key(error, _olds, account)
                raise ProviderError(
                    f"The backend {_id} no longer exists. Run `pulumi refresh`, then `pulumi up` to create it. "
                    f"({error})"
                ) from error
            return UpdateResult(state.outputs(backend, _news.get("account"), account.fingerprint))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Deletes with one DELETE; one GET looks first where ``refuse`` is set or another key saw the backend last.

        A backend that is already gone is a success, under the key that saw it last.
        """
        urn = upstream.current_urn()
        if (holder := self._run.holders.other(_id, urn)) is not None:
            raise ProviderError(adoption.held_by_another(_id, urn, holder))
        with self._account(_props) as account:
            guard = self._guard()
            # To another key, a 404 after a lost DELETE would not tell whether it ever saw the backend.
            with _believing(_props, account):
                if not (guard.refuses or _is_same_key(_props, account)):
                    account.client.get(_id)
                confirm = partial(guard.before_delete, account.client, _id) if guard.refuses else None
                account.client.delete(_id, confirm)
        self._run.deleted.add(_id)

    @property
    def _log(self) -> Log:
        return self._given_log or _engine_log()

    def _guard(self) -> Guard:
        urn = upstream.current_urn()
        refuses = urn in self._run.refusing
        return Guard(self._get_config, self._clients, self._log, urn.rpartition("::")[2], refuses)

    def _refuse_replacement(self, news: Mapping[str, Any]) -> Iterator[str]:
        """Says what keeps a resource from being created, where that replaces one with tunnels online."""
        urn = upstream.current_urn()
        try:
            held = replacement.find_held(news, urn)
            if held is not None:
                self._run.replaced[urn] = held
            self._require_no_loss(held)
        except replacement.Unread as unread:
            yield traffic.unread_state(str(unread))
        except (traffic.Refused, ProviderError) as refusal:
            yield str(refusal)

    def _require_no_loss(self, held: replacement.Held | None) -> None:
        """Raises where the backend that is about to be replaced has tunnels online, and the setting refuses that."""
        if held is None or held.id in self._run.deleted:
            return
        with self._account(held.outputs) as account, _believing(held.outputs, account):
            self._guard().before_replacement(held.id, held.outputs)

    def _adopt(self, wanted: adoption.Adoption, inputs: dict[str, Any]) -> Iterator[str]:
        """Has the create adopt a backend, or says what keeps it from that."""
        urn = upstream.current_urn()
        if wanted.id is None and wanted.mode != identical.MODE:
            yield adoption.unknown_mode(wanted.mode)
        elif wanted.unread is not None:
            yield adoption.unread(wanted.id, wanted.unread) if wanted.id else f"PULUMI_NGROK_TG_ADOPT: {wanted.unread}"
        elif not wanted.is_known:
            if wanted.id is None:
                self._log.info(adoption.UNKNOWN_CONTENTS)
        elif wanted.id is not None:
            if wanted.managed_by is not None:
                yield adoption.managed_already(wanted.id, wanted.managed_by, wanted.managed_by == urn)
            elif holder := adoption.find_holder(wanted, urn):
                yield adoption.held_by_other_type(wanted.id, holder)
            else:
                yield from self._verify(wanted, wanted.id, inputs)
        elif len(wanted.candidates or ()) > 1:
            yield adoption.several_identical(wanted.candidates or ())
        elif wanted.candidates:
            (id_,) = wanted.candidates
            if wanted.twins:
                yield adoption.several_resources(id_, wanted.twins)
                return
            if holder := adoption.find_holder(wanted, urn):
                yield adoption.held_by_other_type(id_, holder)
                return
            inputs[adoption.INPUT] = id_
            yield from self._verify(wanted, id_, inputs)
        else:
            self._log.info(adoption.NONE_IDENTICAL)

    def _verify(self, wanted: adoption.Adoption, id_: str, inputs: dict[str, Any]) -> Iterator[str]:
        """Says what a backend that exists keeps from being adopted."""
        urn = upstream.current_urn()
        try:
            with self._account(inputs) as account:
                account.client.expect_reads(wanted.count)
                try:
                    backend = account.client.read(id_)
                except NotFound as error:
                    raise ProviderError(advice.missing(error, id_)) from error
        except ProviderError as error:
            hint = " If it was deleted at ngrok, remove import_." if isinstance(error.__cause__, NotFound) else ""
            yield f"import_: {error}{hint}"
            return
        differing = list(adoption.differences(wanted, id_, cast(dict[str, Any], backend.contents), inputs))
        yield from differing
        if ownership.is_operators(backend.contents) and not wanted.allow_operator_owned:
            yield adoption.operators(id_)
        if other := self._run.holders.adopt(id_, urn):
            yield adoption.declared_twice(id_, other)
        elif not differing:
            self._tell_of_adoption(id_, urn)

    def _tell_of_adoption(self, id_: str, urn: str) -> None:
        """Tells of it on the resource's row; of many, the summary keeps a handful."""
        self._run.adopting.add(urn)
        line = f"adopts {id_}, which exists; nothing is created or changed at ngrok"
        if len(self._run.adopting) <= _SHOWN:
            self._log.info(line)
            return
        self._log.status(line)
        if len(self._run.adopting) == _SHOWN + 1:
            self._log.info(f"{line}. (Further adoptions are shown on their rows only. Pulumi counts each as a create.)")

    @contextmanager
    def _account(self, props: Mapping[str, Any]) -> Iterator[Account]:
        """Gives the account of a resource, and says what to do about its errors."""
        name = props.get("account")
        try:
            yield Account(name, self._get_config, self._clients)
        except NgrokError as error:
            raise ProviderError(advice.explain(error, config.locate(self._get_config, name), recorded=True)) from error


@contextmanager
def _believing(outputs: Mapping[str, Any], account: Account) -> Iterator[None]:
    """Goes on where a backend that is to be deleted is gone already."""
    try:
        yield
    except NotFound as error:
        _require_same_key(error, outputs, account)


def _require_same_key(error: NotFound, outputs: Mapping[str, Any], account: Account) -> None:
    """Believes that a backend is gone only where the key that saw it last says so, or none is known."""
    if not _is_same_key(outputs, account):
        raise ProviderError(advice.gone_under_another_key(error, account.source, upstream.current_urn())) from error


def _is_same_key(outputs: Mapping[str, Any], account: Account) -> bool:
    return bool(outputs.get(state.FINGERPRINT, account.fingerprint) == account.fingerprint)


class _Run:
    """What one operation of the engine has shown so far."""

    def __init__(self) -> None:
        self.holders = Holders()
        self.declared: set[str] = set()
        """The URNs of the resources that were checked: those that the program declares."""
        self.replaced: dict[str, replacement.Held] = {}
        """What is about to be replaced, by URN."""
        self.refusing: set[str] = set()
        """The URNs of the resources of which the program says that a loss of traffic is refused."""
        self.deleted: set[str] = set()
        """The ids of what was deleted."""
        self.adopting: set[str] = set()
        """The URNs of what adopts a backend."""


def _make_client(settings: Settings) -> "Client":
    # Calls that wait for a limit must hold up neither those that it does not concern nor the engine's Cancel.
    upstream.raise_worker_cap(_WORKERS)
    return connect(settings, _engine_log(), _CANCELLATION)


_SHOWN = 5  # adoptions that the summary keeps
_WORKERS = 512  # more calls than the engine makes at once; threads start as they are needed
_CLIENTS = Clients(_make_client)
_CANCELLATION = Cancellation()
_RUN = _Run()
"""That of this process: the engine may load the provider several times, from pickles written differently."""
_engine_log = upstream.make_once(lambda: EngineLog(upstream.server()))
