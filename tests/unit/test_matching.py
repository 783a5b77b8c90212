"""Which backends are those that a program is about to create: no doubt, or no match."""

from typing import Any

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.matching import matched
from pulumi_ngrok_tg.cli.preview import SECRET, UNKNOWN, Wanted


def backend(id_: str, metadata: str = "", **labels: str) -> Backend:
    return Backend(f"bkdtg_{id_}", "", "", "", metadata, labels)


def wanted(name: str, **inputs: Any) -> Wanted:
    return Wanted(f"urn:pulumi:dev::shop::type::{name}", inputs)


def match(wants: list[Wanted], backends: list[Backend], **declared: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The matches by resource name, and what is in doubt."""
    ids = {name: f"bkdtg_{id_}" for name, id_ in declared.items()}
    found = matched(wants, backends, ids, None)
    certain = {urn.rpartition("::")[2]: backend.id for urn, backend in found.certain.items()}
    return certain, {urn.rpartition("::")[2]: [b.id for b in several] for urn, several in found.doubtful.items()}


WEB = {"labels": {"app": "web"}}


def test_the_same_contents_match_however_they_are_spelled() -> None:
    found = match([wanted("web", **WEB, metadata='{"a":1}')], [backend("1", '{ "a": 1 }', app="web"), backend("2")])
    assert found == ({"web": "bkdtg_1"}, {})


def test_other_contents_or_another_account_do_not() -> None:
    assert match([wanted("web", **WEB, account="eu")], [backend("1", app="web")]) == ({}, {})
    assert match([wanted("web", **WEB)], [backend("1", app="web", dc="fra"), backend("2", "m", app="web")]) == ({}, {})


def test_of_several_alike_the_id_beside_the_name_decides_and_else_nothing() -> None:
    twins = [backend("1", app="web"), backend("2", app="web")]
    assert match([wanted("web", **WEB)], twins) == ({}, {"web": ["bkdtg_1", "bkdtg_2"]})
    assert match([wanted("web", **WEB)], twins, web="2") == ({"web": "bkdtg_2"}, {})
    both = [wanted("one", **WEB), wanted("two", **WEB)]
    assert match(both, twins[:1]) == ({}, {"one": ["bkdtg_1"], "two": ["bkdtg_1"]})
    assert match(both, twins, one="2") == ({"one": "bkdtg_2", "two": "bkdtg_1"}, {})
    assert match(both, twins, two="1", one="2") == ({"one": "bkdtg_2", "two": "bkdtg_1"}, {})


def test_an_id_beside_the_name_whose_contents_are_others_matches_nothing_else() -> None:
    assert match([wanted("web", **WEB)], [backend("1", app="web"), backend("2")], web="2") == ({}, {})


def test_what_a_program_adopts_is_what_it_says() -> None:
    twins = [backend("1", app="web"), backend("2", app="web")]
    for said in ("bkdtg_2", {"id": "bkdtg_2", "secret": []}):
        assert match([wanted("web", **WEB, __import=said)], twins) == ({"web": "bkdtg_2"}, {})
    assert match([wanted("web", **WEB, __import="bkdtg_3")], twins[:1]) == ({}, {})


def test_what_is_hidden_or_not_known_yet_is_in_doubt() -> None:
    one = [backend("1", "a", of="x")]
    for inputs in (
        {"labels": {"of": UNKNOWN}, "metadata": "a"},
        {"labels": UNKNOWN, "metadata": "a"},
        {"labels": {"of": "x"}, "metadata": SECRET},
        {"labels": {"of": SECRET}, "metadata": "a"},
        {"labels": SECRET, "metadata": UNKNOWN},
    ):
        assert match([wanted("web", **inputs)], one) == ({}, {"web": ["bkdtg_1"]})
    assert match([wanted("web", labels={"of": UNKNOWN})], [backend("1", app="web")]) == ({}, {})


def test_what_is_empty_matches_nothing_for_certain() -> None:
    assert match([wanted("empty")], [backend("1")]) == ({}, {"empty": ["bkdtg_1"]})
    assert match([wanted("empty")], [backend("1")], empty="1") == ({"empty": "bkdtg_1"}, {})
