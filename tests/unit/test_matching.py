"""Which backends are those that a program is about to create: no doubt, or no match."""

from typing import Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.matching import matched
from pulumi_ngrok_tg.cli.stack import SECRET, UNKNOWN, Wanted


def backend(id_: str, metadata: str = "", **labels: str) -> Backend:
    return Backend(f"bkdtg_{id_}", "", "", "", metadata, labels)


def wanted(name: str, **inputs: Any) -> Wanted:
    return Wanted(f"urn:pulumi:dev::shop::type::{name}", inputs)


def match(wants: list[Wanted], backends: list[Backend], **names: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The matches by resource name, and what is in doubt."""
    found = matched(wants, backends, {f"bkdtg_{id_}": name for id_, name in names.items()}, None)
    certain = {urn.rpartition("::")[2]: backend.id for urn, backend in found.certain.items()}
    return certain, {urn.rpartition("::")[2]: [b.id for b in several] for urn, several in found.doubtful.items()}


WEB = {"labels": {"app": "web"}}


def test_the_same_contents_match_however_they_are_spelled() -> None:
    found = match([wanted("web", **WEB, metadata='{"a":1}')], [backend("1", '{ "a": 1 }', app="web"), backend("2")])
    assert found == ({"web": "bkdtg_1"}, {})


def test_other_contents_or_another_account_do_not() -> None:
    assert match([wanted("web", **WEB, account="eu")], [backend("1", app="web")]) == ({}, {})
    assert match([wanted("web", **WEB)], [backend("1", app="web", dc="fra"), backend("2", "m", app="web")]) == ({}, {})


def test_of_several_alike_the_name_decides_and_else_nothing() -> None:
    twins = [backend("1", app="web"), backend("2", app="web")]
    assert match([wanted("web", **WEB)], twins) == ({}, {"web": ["bkdtg_1", "bkdtg_2"]})
    assert match([wanted("web", **WEB)], twins, **{"2": "web"}) == ({"web": "bkdtg_2"}, {})
    both = [wanted("one", **WEB), wanted("two", **WEB)]
    assert match(both, twins[:1]) == ({}, {"one": ["bkdtg_1"], "two": ["bkdtg_1"]})
    assert match(both, twins, **{"2": "one"}) == ({"one": "bkdtg_2", "two": "bkdtg_1"}, {})
    assert match(both, twins, **{"1": "two", "2": "one"}) == ({"one": "bkdtg_2", "two": "bkdtg_1"}, {})


def test_a_secret_matches_anything_beside_what_is_shown() -> None:
    secret = wanted("web", **WEB, metadata=SECRET)
    assert match([secret], [backend("1", "a", app="web"), backend("2", "b", app="api")]) == ({"web": "bkdtg_1"}, {})
    in_labels = wanted("web", labels={"app": "web", "key": SECRET})
    assert match([in_labels], [backend("1", app="web", key="k")]) == ({"web": "bkdtg_1"}, {})
    assert match([in_labels], [backend("1", app="web")]) == ({}, {})


def test_what_is_all_secret_or_not_known_yet_is_in_doubt() -> None:
    one = [backend("1", "a", of="x")]
    assert match([wanted("web", labels={"of": UNKNOWN}, metadata="a")], one) == ({}, {"web": ["bkdtg_1"]})
    assert match([wanted("web", labels=UNKNOWN, metadata="a")], one) == ({}, {"web": ["bkdtg_1"]})
    assert match([wanted("web", labels={"of": SECRET}, metadata=SECRET)], one) == ({}, {"web": ["bkdtg_1"]})
    assert match([wanted("web", labels=SECRET, metadata=UNKNOWN)], one, **{"1": "web"}) == ({}, {"web": ["bkdtg_1"]})


def test_what_is_empty_matches_what_is_empty() -> None:
    assert match([wanted("empty")], [backend("1")]) == ({}, {"empty": ["bkdtg_1"]})
    assert match([wanted("empty")], [backend("1")], **{"1": "empty"}) == ({}, {"empty": ["bkdtg_1"]})
