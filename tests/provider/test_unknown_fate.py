"""Creates of unknown fate: found, or sent again, and never doubled unnoticed."""

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.provider.deployment import COLLECTION, Deployment, backends


def test_a_lost_response_costs_one_list(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="after")
    assert deployment.up(backends(1)) == {}
    assert deployment.calls() == ["POST", "GET"]


def test_a_lost_request_is_sent_again_after_a_list(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="before")
    assert deployment.up(backends(1)) == {}
    assert deployment.calls() == ["POST", "GET", "GET", "GET", "POST", "GET"], "three lists prove more than one"
    (line,) = deployment.heard.warnings
    assert f"There may be a double of {deployment.state['b0'].id}, whose create was sent 2 times" in line
    deployment.assert_in_step()


def test_an_older_equal_backend_is_not_taken(deployment: Deployment) -> None:
    theirs = deployment.emulator.account(KEY).create({"labels": {"app": "web"}})
    theirs.created_at = "2025-01-21T18:19:53Z"
    for drop in ("before", "after"):
        deployment.emulator.fault(method="POST", drop=drop)
    assert deployment.up({"web": {"labels": {"app": "web"}}}) == {}
    assert deployment.state["web"].id != theirs.id
    assert len(deployment.emulator.account(KEY).backends) == 2


def test_a_backend_with_other_contents_is_not_taken(deployment: Deployment) -> None:
    deployment.emulator.account(KEY).create({"labels": {"app": "web"}, "description": "theirs"})
    deployment.emulator.fault(method="POST", drop="before")
    assert deployment.up({"web": {"labels": {"app": "web"}}}) == {}
    assert deployment.emulator.account(KEY).backends[deployment.state["web"].id].description == ""


def test_an_equal_backend_of_somebody_else_is_an_error_that_names_both(deployment: Deployment) -> None:
    theirs = deployment.emulator.account(KEY).create({"labels": {"app": "web"}})
    deployment.emulator.fault(method="POST", drop="after")
    (error,) = deployment.up({"web": {"labels": {"app": "web"}}}).values()
    assert "Several backends with these contents have appeared since" in error
    for id_ in deployment.emulator.account(KEY).backends:
        assert id_ in error
    assert len(deployment.emulator.account(KEY).backends) == 2
    assert theirs.id in error


def test_a_failed_list_leaves_the_fate_unknown(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="after")
    deployment.emulator.fault(method="GET", times=None, status=403, error_code=635)
    (error,) = deployment.up(backends(1)).values()
    assert "The backend may have been created, and the list of backends could not be read" in error
    assert deployment.calls().count("POST") == 1


@pytest.mark.parametrize("where", ["to another origin", "in a circle", "nowhere new"])
def test_a_list_with_a_foreign_next_page_leaves_the_fate_unknown(
    deployment: Deployment, stranger: Emulator, where: str
) -> None:
    target = stranger.url if where == "to another origin" else deployment.emulator.url
    deployment.emulator.fault(method="POST", drop="after")
    # "nowhere new": another URI each time, and always the same page behind it.
    for page in range(50 if where == "nowhere new" else 1):
        uri = f"{target}{COLLECTION}?limit={100 - page}"
        deployment.emulator.fault(
            method="GET", times=1 if where == "nowhere new" else None, fields={"next_page_uri": uri}
        )
    (error,) = deployment.up(backends(1)).values()
    assert "may have been created" in error
    assert len(deployment.calls()) <= 4


def test_a_lost_create_is_found_if_the_next_attempt_is_rejected(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", stall=0.6)
    deployment.emulator.fault(method="POST", times=None, status=400, error_code=5000, stall=0.3)
    assert deployment.up(backends(1)) == {}
    deployment.assert_in_step()


def test_a_create_without_any_response_has_an_unknown_fate(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", times=None, drop="before")
    (error,) = deployment.up(backends(1)).values()
    assert "the connection to 127.0.0.1" in error
    assert "No new backend with these contents has appeared, but one may still appear. A plain `pulumi up`" in error
    assert deployment.calls() == ["POST", "GET", "GET", "GET", "POST", "GET", "GET", "GET"]


def test_a_backend_found_after_two_lost_requests_is_a_warning(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", drop="before")
    deployment.emulator.fault(method="POST", drop="after")
    assert deployment.up(backends(1)) == {}
    (line,) = deployment.heard.warnings
    assert "There may be a double of" in line


def test_a_late_request_is_a_warning(deployment: Deployment) -> None:
    deployment.emulator.fault(method="POST", stall=0.6)
    deployment.emulator.fault(method="POST", stall=0.3)
    assert deployment.up(backends(1)) == {}
    made = deployment.state["b0"].id
    (late,) = set(deployment.emulator.account(KEY).backends) - {made}
    (line,) = deployment.heard.warnings
    assert f"{late} appeared with the contents of {made}, whose create was sent 2 times" in line
    assert "delete it" in line
