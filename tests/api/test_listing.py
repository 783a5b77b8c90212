"""Walking through pages: where they may lead, and that they end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.api.call import Call
from pulumi_ngrok_tg.api.errors import NgrokError, UnexpectedResponse
from pulumi_ngrok_tg.api.listing import Listing
from pulumi_ngrok_tg.api.models import BACKENDS

COLLECTION = "/backends/tunnel_group"


def page(number: int, next_page_uri: Any = None) -> dict[str, Any]:
    backend = {"id": f"bkdtg_{number}", "uri": "", "created_at": "2025-01-21T18:19:53Z"}
    return {"backends": [backend], "next_page_uri": next_page_uri}


def walk(base_url: str, *pages: Any) -> tuple[list[str], list[str]]:
    """The paths that are fetched, and the ids that come of it."""
    paths: list[str] = []

    def fetch(_call: Call, path: str) -> Any:
        paths.append(path)
        return pages[len(paths) - 1]

    listing, ids = Listing(fetch, base_url, BACKENDS), []
    while not listing.ended:
        ids += [backend.id for backend in listing.next_page(Call(0))]
    return paths, ids


@pytest.mark.parametrize(
    ("base_url", "uri"),
    [
        ("https://api.ngrok.com", f"https://api.ngrok.com{COLLECTION}?before_id=x&limit=100"),
        ("https://api.ngrok.com", f"HTTPS://API.ngrok.com:443{COLLECTION}?before_id=x&limit=100"),
        ("https://api.ngrok.com", f"{COLLECTION}?before_id=x&limit=100"),
        ("https://api.ngrok.com", "?before_id=x&limit=100"),
        ("https://proxy.example/ngrok", f"https://proxy.example/ngrok{COLLECTION}?before_id=x&limit=100"),
        ("https://proxy.example/ngrok", f"{COLLECTION}?before_id=x&limit=100"),
        ("http://127.0.0.1:4041", f"http://127.0.0.1:4041{COLLECTION}?before_id=x&limit=100"),
        ("http://[::1]", f"http://[::1]:80{COLLECTION}?before_id=x&limit=100"),
    ],
)
def test_the_next_page_may_be_named_in_any_way(base_url: str, uri: str) -> None:
    paths, ids = walk(base_url, page(1, uri), page(2))
    assert paths == [f"{COLLECTION}?limit=100", f"{COLLECTION}?before_id=x&limit=100"]
    assert ids == ["bkdtg_1", "bkdtg_2"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://api.ngrok.com.example/backends/tunnel_group",
        "http://api.ngrok.com/backends/tunnel_group",
        "https://api.ngrok.com:8443/backends/tunnel_group",
        "https://key@evil.example/backends/tunnel_group",
        "//evil.example/backends/tunnel_group",
        "https://api.ngrok.com:port/backends/tunnel_group",
        "http://[::1",
        "/api_keys",
        "/backends/tunnel_group/../../api_keys",
    ],
)
def test_a_next_page_at_another_origin_is_not_fetched(uri: str) -> None:
    with pytest.raises(UnexpectedResponse, match="the next page is"):
        walk("https://api.ngrok.com", page(1, uri))


@pytest.mark.parametrize("uri", [5, 0, True, False, [], {}, ["x"], 1.5])
def test_a_malformed_next_page_is_an_error(uri: object) -> None:
    with pytest.raises(UnexpectedResponse, match="something that is not a URI"):
        walk("https://api.ngrok.com", page(1, uri))


@pytest.mark.parametrize("uri", [None, ""])
def test_a_page_without_a_next_page_is_the_last(uri: object) -> None:
    assert walk("https://api.ngrok.com", page(1, uri))[1] == ["bkdtg_1"]


@pytest.mark.parametrize("repeated", [page(1, "?c"), page(2, "?c"), page(1), page(2)])
def test_a_page_that_was_listed_already_is_an_error_even_as_the_last_one(repeated: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse, match="the pages lead in a circle"):
        walk("https://api.ngrok.com", page(1, "?a"), page(2, "?b"), repeated, page(3))


def test_a_list_without_end_is_an_error() -> None:
    assert len(walk("https://x", *(page(n, f"?{n}") for n in range(999)), page(999))[1]) == 1000
    with pytest.raises(UnexpectedResponse, match="the list has no end"):
        walk("https://x", *(page(n, f"?{n}") for n in range(1001)))


@given(st.text(max_size=20) | st.sampled_from(["http://[", "//[::1", "https://x:99999", "\ud800", "?\ud800"]))
def test_any_text_as_next_page_ends_the_listing(uri: str) -> None:
    try:
        paths, _ = walk("https://api.ngrok.com", page(1, uri), page(2))
    except NgrokError:
        return
    assert all(path.partition("?")[0] == COLLECTION for path in paths)


def test_a_listing_that_failed_has_ended() -> None:
    listing = Listing(lambda _call, _path: [], "https://x", BACKENDS)
    with pytest.raises(UnexpectedResponse):
        listing.next_page(Call(0))
    assert listing.ended


def test_a_few_empty_pages_are_accepted_and_endless_ones_are_not() -> None:
    empty = {"backends": [], "next_page_uri": f"{COLLECTION}?before_id=x"}
    paths, ids = walk("https://x", *[empty] * 10, page(1))
    assert (len(paths), ids) == (11, ["bkdtg_1"])
    with pytest.raises(UnexpectedResponse, match="circle"):
        walk("https://x", *[empty] * 12)
