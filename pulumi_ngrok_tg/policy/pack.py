"""Turns the policies into objects of pulumi-policy, and serves them to the engine."""

import io
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi_policy.policy
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from pulumi_ngrok_tg.engine.liveness import end_with
from pulumi_ngrok_tg.policy.catalog import POLICIES, OfBackend, OfStack
from pulumi_ngrok_tg.policy.declared import UNKNOWN, Declared
from pulumi_ngrok_tg.policy.setting_schemas import Schema, SettingError, check_settings
from pulumi_ngrok_tg.rules.outputs import READ_ONLY, TYPE

Overrides = Mapping[str, str | EnforcementLevel | Mapping[str, Any]]
_LEVEL = "enforcementLevel"


class PolicyFailed(Exception):
    """A policy could not judge a backend. That fails the preview or update."""


def tunnel_group_policies(overrides: Overrides | None = None) -> list[Policy]:
    """Return the policies of the pack, for a ``pulumi_policy.PolicyPack``.

    Args:
        overrides: levels and settings by the policy's name, in the form of a policy pack's config file: a level, or a
            mapping of settings with the level as ``enforcementLevel``. "all" is the level of the policies that are not
            named. A config file of the engine takes precedence.

    Raises:
        SettingError: a policy, a level or a setting is unknown or not valid.
    """
    given = dict(overrides or {})
    for_all = given.pop("all", None)
    if unknown := sorted(given.keys() - {policy.name for policy in POLICIES}):
        raise SettingError(f"there is no policy {', '.join(unknown)}.")
    return [_build_policy(policy, given.get(policy.name, {}), for_all) for policy in POLICIES]


def serve() -> None:
    """Serve the pack to the engine that started this process, until the engine ends it."""
    # pulumi-policy writes its port without a flush, so without -u the engine would wait for ever.
    sys.stdout = io.TextIOWrapper(io.FileIO(sys.stdout.fileno(), "w", closefd=False), write_through=True)
    for address in sys.argv[1:2]:
        end_with(address)
    _report_own_version()
    PolicyPack("ngrok-tunnel-groups", tunnel_group_policies())


def _report_own_version() -> None:
    """Make the pack report this package's version; without a PulumiPolicy.yaml, it would be v0.0.1."""
    sdk: Any = pulumi_policy.policy
    servicer = getattr(sdk, "_PolicyAnalyzerServicer", None)
    if not isinstance(servicer, type):
        return

    class Servicer(servicer):  # type: ignore[misc,valid-type]
        def __init__(self, name: str, _version: str, *rest: Any) -> None:
            super().__init__(name, version("pulumi-ngrok-tg"), *rest)

    sdk._PolicyAnalyzerServicer = Servicer


def _build_policy(policy: OfBackend | OfStack, override: Any, for_all: Any) -> Policy:
    settings = dict(override) if isinstance(override, Mapping) else {_LEVEL: override}
    level = _read_level(policy.name, settings.pop(_LEVEL, for_all if for_all is not None else policy.level))
    check_settings(policy.name, policy.settings, settings)
    # As defaults, which the engine uses if its config has no value.
    schema = {
        name: {**one, "default": settings[name]} if name in settings else one for name, one in policy.settings.items()
    }
    described = PolicyConfigSchema({name: dict(one) for name, one in schema.items()})
    if isinstance(policy, OfBackend):
        validate = _make_backend_rule(policy, schema)
        return ResourceValidationPolicy(policy.name, policy.description, validate, level, described)
    return StackValidationPolicy(policy.name, policy.description, _make_stack_rule(policy, schema), level, described)


def _read_level(policy: str, given: Any) -> EnforcementLevel:
    levels = {level.value: level for level in EnforcementLevel if level is not EnforcementLevel.REMEDIATE}
    found = given if given in levels.values() else levels.get(given) if isinstance(given, str) else None
    if not isinstance(found, EnforcementLevel):
        raise SettingError(
            f"policy {policy}: {given!r} is not an enforcement level. The levels are {', '.join(levels)}."
        )
    return found


def _make_backend_rule(policy: OfBackend, schema: Schema) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        # With --target, the engine passes resources that it skips, and that do not exist yet, without props.
        if args.resource_type == TYPE and args.props:
            with _judging(policy.name):
                for reason in policy.rule(_read_declared(args), check_settings(policy.name, schema, args.get_config())):
                    report(reason, None)

    return validate


def _make_stack_rule(policy: OfStack, schema: Schema) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        with _judging(policy.name):
            # Skip backends that are only read, and those without props, which this run does not create.
            known = (one for one in args.resources if one.resource_type == TYPE and one.props)
            ours = [one for one in known if not one.props.get(READ_ONLY)]
            settings = check_settings(policy.name, schema, args.get_config())
            for backend, reason in policy.rule([_read_declared(one) for one in ours], settings):
                report(reason, backend.urn if backend else None)

    return validate


@contextmanager
def _judging(policy: str) -> Iterator[None]:
    """Replace an exception by its type and place: its text could hold a secret."""
    try:
        yield
    except SettingError as error:
        raise PolicyFailed(str(error)) from None
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise PolicyFailed(
            f"policy {policy} failed inside ({type(error).__name__} in {Path(at.filename).name}, line {at.lineno}), so "
            "it checked nothing. Please report this. Until it is fixed, disable the policy in the config."
        ) from None


def _read_declared(resource: ResourceValidationArgs | PolicyResource) -> Declared:
    """Return what a resource declares; each value may be unknown."""
    props = resource.props

    def text(name: str) -> Any:
        value = _read_known(props, name)
        return value if value is UNKNOWN else value or ""

    labels = _read_known(props, "labels")
    if labels is not UNKNOWN:
        labels = {key: _read_known(labels, key) for key in labels or ()}
    return Declared(
        name=resource.name,
        urn=resource.urn,
        account=text("account"),
        labels=labels,
        description=text("description"),
        metadata=text("metadata"),
        protect=resource.opts.protect,
    )


def _read_known(values: Mapping[str, Any], name: str) -> Any:
    try:
        return values.get(name)
    except Exception as error:
        if type(error).__name__ != "UnknownValueError":  # of pulumi_policy.proxy, which is not public
            raise
        return UNKNOWN
