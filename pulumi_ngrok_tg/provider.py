"""The resource provider, which serves the engine's calls with calls to ngrok's API.

Every state that was ever written names this module and :class:`TunnelGroupBackendProvider`, so neither name may change.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pulumi import dynamic
from pulumi.output import Unknown

from pulumi_ngrok_tg.accounts import stack_config
from pulumi_ngrok_tg.accounts.clients import Account, Clients
from pulumi_ngrok_tg.api.errors import NgrokError, NotFound
from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.api.reporting import Reporter
from pulumi_ngrok_tg.engine import dynamic_server, process
from pulumi_ngrok_tg.engine.adopter import Adopter
from pulumi_ngrok_tg.engine.key_fingerprint import accept_gone, is_same_key, require_same_key
from pulumi_ngrok_tg.engine.operation import Operation
from pulumi_ngrok_tg.engine.read_usage import explain_references
from pulumi_ngrok_tg.engine.traffic_guard import TrafficGuard
from pulumi_ngrok_tg.rules import adoption, advice, properties, traffic
from pulumi_ngrok_tg.rules.advice import ProviderError
from pulumi_ngrok_tg.rules.facts import Facts, read_facts
from pulumi_ngrok_tg.rules.outputs import READ_ONLY, build_outputs


class TunnelGroupBackendProvider(dynamic.ResourceProvider):
    """Serves ``ngrok:TunnelGroupBackend``. Its pickle is empty: the account is a property of each resource.

    Args:
        clients: the clients to use. Default: those of the process.
        reporter: gets what the user should know. Default: the engine's log.
    """

    serialize_as_secret_always = False  # the pickle is only a name

    def __init__(self, clients: Clients | None = None, reporter: Reporter | None = None) -> None:
        super().__init__()
        self._clients = clients or process.CLIENTS
        self._reporter = reporter or process.LOG
        self._run = process.RUN if clients is None else Operation()
        self._get_config: stack_config.GetConfig = lambda _key: None
        self._config_keys: Collection[str] = ()

    def __reduce__(self) -> tuple[type["TunnelGroupBackendProvider"], tuple[()]]:
        return TunnelGroupBackendProvider, ()

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Store the stack's config; the engine calls this once for each pickle in each provider process."""
        self._get_config = req.config.get
        self._config_keys = dynamic_server.list_keys(req.config)
        process.prepare_server((ProviderError, stack_config.ConfigError, traffic.Refused))

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Report each bad property, a missing or malformed setting, and why a backend cannot be adopted.

        Makes no request except about a resource that is new: to read the backend that it adopts or replaces, and in a
        preview to see whether ngrok already holds its contents.
        """
        urn, facts = dynamic_server.find_urn(), read_facts(news)
        self._run.declared[urn] = facts
        wanted = news.get(adoption.INPUT)
        adopts = not _olds and wanted is not None and not isinstance(wanted, Unknown)
        inputs, problems = properties.check(news, facts.keys, properties.find_unwritten(_olds, news, adopts))
        account = inputs.get("account")
        reasons = [problem.reason for problem in problems]
        if facts.unknown and not facts.previews:
            reasons.append(advice.explain_unknown(facts.unknown))
        else:
            reasons += facts.find_lost(inputs, _olds)
        reasons += stack_config.find_misspelled(self._config_keys, account)
        if not (isinstance(account, Unknown) or any(problem.property == "account" for problem in problems)):
            reasons += (
                advice.explain_bad_setting(e, account) for e in stack_config.find_problems(self._get_config, account)
            )
        reasons += self._find_lost_guard(urn)
        if wanted is not None:
            inputs[adoption.INPUT] = wanted
        # A resource with a state has its backend already; diff checks whether import_ names the same one.
        if not (_olds or reasons or isinstance(account, Unknown)):
            adopted, reasons = Adopter(self._run, self._account, self._reporter, urn, facts).choose(wanted, inputs)
            if adopted is not None:
                inputs[adoption.INPUT] = adopted
            reasons += self._explain_replacement(urn, facts)
        # Without the property, because the engine prints its value even if it is secret (pulumi/pulumi#19465).
        return dynamic.CheckResult(inputs, [dynamic.CheckFailure("", reason) for reason in reasons])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare the meaning of old and new properties. Another account replaces the backend.

        Makes no request except to find out what a change does to traffic.

        Raises:
            traffic.Refused: tunnels would or might lose traffic, and the stack's setting refuses that.
        """
        named = _news.get(adoption.INPUT, _id)
        if named != _id and not isinstance(named, Unknown):
            raise ProviderError(adoption.explain_another_id(_id, named))
        urn = dynamic_server.find_urn()
        if urn in self._run.declared:  # else the engine only compares what a refresh has read
            self._guard().before_change(_id, _olds, _news)
        differences = properties.find_differences(_olds, _news, self._run.find_facts(urn).keys)
        dynamic_server.report_differences(differences)
        if urn in self._run.declared and "account" not in differences:
            self._run.keep(_id, urn)
        return dynamic.DiffResult(
            changes=bool(differences),
            replaces=["account"] if "account" in differences else [],
            # The new backend is in another account, so it can exist before the old one is deleted.
            delete_before_replace=False,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create the backend with one POST, or adopt the one that :meth:`check` has chosen, without a write."""
        urn = dynamic_server.find_urn()
        facts = self._run.find_facts(urn)
        self._require_no_loss(urn, facts)
        self._run.release(urn)
        with self._account(props) as account:
            adopted = {adoption.INPUT: id_} if (id_ := props.get(adoption.INPUT)) else {}  # the program counts these
            if id_:
                backend = Adopter(self._run, self._account, self._reporter, urn, facts).verify(id_, props)
            else:
                backend = account.client.create(
                    properties.take_contents(props), facts.are_plain(props), (facts.managed or "").split()
                )
                self._run.keep(backend.id, urn)
            return dynamic.CreateResult(backend.id, {**_build_outputs(backend, props, account), **adopted})

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Read the backend, for a refresh or for ``TunnelGroupBackend.get``.

        Raises:
            ProviderError: it is unknown whether the backend exists, so the state stays; or a ``get`` finds none.
        """
        # On a refresh the engine passes the outputs of the state; on a get only the inputs.
        refresh = "created_at" in props
        with self._account(props, recorded=True) as account:
            try:
                backend = account.client.read(id_, props["created_at"]) if refresh else account.client.get(id_)
            except NotFound as error:
                if refresh:
                    require_same_key(error, props, account)
                    return dynamic.ReadResult("", {})
                raise ProviderError(advice.explain_missing(error, id_)) from error
            outputs = _build_outputs(backend, props, account)
            if not refresh or props.get(READ_ONLY):
                outputs[READ_ONLY] = True
        # The state may spell the metadata of its outputs in one way, and that of its inputs in another.
        inputs, _ = properties.check(properties.keep_spelling(outputs, dynamic_server.find_inputs()))
        return dynamic.ReadResult(backend.id, properties.keep_spelling(outputs, props), inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Change the properties whose meaning differs, and no others, with one PATCH."""
        facts = self._run.find_facts(dynamic_server.find_urn())
        with self._account(_news) as account:
            self._guard().before_update(_id, _olds, _news)
            try:
                backend = account.client.update(
                    _id, properties.find_changes(_olds, _news), facts.are_plain(_news), _olds.get("created_at", "")
                )
            except NotFound as error:
                require_same_key(error, _olds, account)
                raise ProviderError(advice.explain_deleted(error, _id)) from error
            return dynamic.UpdateResult(_build_outputs(backend, _news, account))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the backend with one DELETE; read it first if ``refuse`` is set or another key saw it last.

        Unless ``ignore`` is set, all deletes of a run share one listing of what uses backends.

        If it is already gone, that is a success, but only under the key that saw it last.
        """
        urn = dynamic_server.find_urn()
        if (other := self._run.find_other(_id, urn)) is not None:
            raise ProviderError(adoption.explain_needed_by_another(_id, urn, other))
        with self._account(_props, recorded=True) as account:
            guard = self._guard()
            # Under another key, a 404 after a lost DELETE would not show whether the backend was ever in this account.
            with accept_gone(_props, account):
                if not (guard.refuses or is_same_key(_props, account)):
                    account.client.get(_id, _props.get("created_at", ""))
                guard.before_delete(account.client, _id, _props)
                with explain_references(account, _id):
                    account.client.delete(_id, _props.get("created_at", ""))
        self._run.deleted.add(_id)

    def _guard(self) -> TrafficGuard:
        urn = dynamic_server.find_urn()
        facts = self._run.find_facts(urn)
        name = urn.rpartition("::")[2]
        return TrafficGuard(
            self._get_config, self._clients, self._reporter, self._run, name, facts.refuses, facts.retains
        )

    def _explain_replacement(self, urn: str, facts: Facts) -> list[str]:
        """Return why the create of a new resource must not replace a backend, if ``refuse`` is set."""
        guard = self._guard()
        if guard.refuses and facts.unread is not None:
            return [traffic.refuse_create_unread(facts.unread)]
        try:
            self._require_no_loss(urn, facts)
        except (traffic.Refused, ProviderError) as refusal:
            return [str(refusal)]
        return []

    def _require_no_loss(self, urn: str, facts: Facts) -> None:
        """Raise if the create of a resource replaces a backend with tunnels online, and ``refuse`` is set.

        For some replacements (``--replace``, ``pulumi state taint``, ``replacement_trigger``) the engine calls no diff,
        so the provider sees only a create, and the program names what the state holds.
        """
        recorded = facts.find_recorded(urn)
        if recorded is not None and recorded["id"] not in self._run.deleted:
            with self._account(recorded) as account, accept_gone(recorded, account):
                self._guard().before_replacement(recorded["id"], recorded)

    def _find_lost_guard(self, urn: str) -> list[str]:
        """Return why nothing may be changed if the server does not say which resource a call is about.

        Then ``refuse`` cannot see replacements, nor can two adoptions of one backend be told apart.
        """
        if urn or self._run is not process.RUN:
            return []
        if self._guard().refuses:
            return [f'{stack_config.ON_TRAFFIC_LOSS} is "refuse", but guards are off. {advice.LOST_GUARD}']
        if self._run.count("lost guard") == 1:
            self._reporter.warn(advice.LOST_GUARD)
        return []

    @contextmanager
    def _account(self, props: Mapping[str, Any], recorded: bool = False) -> Iterator[Account]:
        """Yield the account of a resource; add to its errors what to do, also if a refresh uses recorded config."""
        name = props.get("account")
        try:
            yield Account(name, self._get_config, self._clients)
        except NgrokError as error:
            raise ProviderError(advice.explain(error, stack_config.locate(self._get_config, name), recorded)) from error


def _build_outputs(backend: Backend, props: Mapping[str, Any], account: Account) -> dict[str, Any]:
    return build_outputs(backend, props.get("account"), account.fingerprint)
