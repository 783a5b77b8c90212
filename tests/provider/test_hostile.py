"""Whatever a server says, in whatever bytes: a result or one of our errors, no thread left waiting, no lost create."""

import json
import ssl
from typing import Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.rules.advice import ProviderError
from tests.conftest import KEY
from tests.provider.deployment import Deployment
from tests.provider.hostile import PLAIN, HostileServer, raw, response
from tests.provider.outcomes import BACKEND, CALLS, HOSTILE, ID, STATE, assert_ours, outcomes

# urllib3 leaves the sockets of some malformed responses to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


ODD = st.sampled_from(
    [
        "\ud800",
        10**400,
        float("nan"),
        float("inf"),
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2025-01-21",
        "2025-01-21T18:19:53",
        "http://[::1",
        ["tn_1"],
        [{"id": 5}],
        {"a": {"b": None}},
        "\x00\x1b[31m\r\n",
        "x" * 100_000,
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def with_one_field_wrong(body: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(st.sampled_from(sorted(body)), JSON).map(lambda wrong: {**body, wrong[0]: wrong[1]})


WRONG_BACKENDS = with_one_field_wrong(BACKEND)
ERRORS = with_one_field_wrong(
    {"error_code": "ERR_NGROK_6514", "status_code": 404, "msg": "No.", "details": {"operation_id": "op_1"}}
)
PAGES = with_one_field_wrong({"backends": [BACKEND], "next_page_uri": None, "uri": "x"}) | WRONG_BACKENDS.map(
    lambda backend: {"backends": [backend]}
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


BODIES = st.one_of(
    WRONG_BACKENDS.map(encoded),
    PAGES.map(encoded),
    ERRORS.map(encoded),
    JSON.map(encoded),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[" * 200_000,
            b'{"backends": 1' + b"0" * 5000 + b"}",
            b'{"id":' * 50_000,
            "é".encode("utf-16"),
            b"\xef\xbb\xbf{}",
            b'{"a": NaN}',
            b"\xff",
        ]
    ),
)
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Location: http://[::1",
                "Location: //",
                "Location: http://127.0.0.1:1/x",
                "Retry-After: " + "9" * 5000,
                "Retry-After: -1",
                "Retry-After: 1e9",
                "Retry-After: Fri, 31 Dec 99999 23:59:59 GMT",
                "Retry-After: Thu, 01 Jan 1970 00:00:00 +9999",
                "Date: Fri, 31 Dec 99999 23:59:59 GMT",
                "Date: yesterday",
                "Content-Encoding: gzip",
                "Content-Encoding: deflate, br",
                "Content-Type: application/json; charset=nonsense",
                "Content-Type: text/html; charset=\xff",
                "Transfer-Encoding: chunked",
                "Content-Length: 5",
                "Content-Length: many",
                "Set-Cookie: \xff=;;;",
                "Ngrok-Operation-Id: \x1b[31m",
                "no colon at all",
                ": no name",
            ]
        ),
        st.tuples(
            st.sampled_from(["Retry-After", "Date", "Location", "Ngrok-Operation-Id", "X"]),
            st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=12),
        ).map(": ".join),
    ),
    max_size=2,
)
STATUSES = st.sampled_from([100, 101, 199, 200, 201, 202, 204, 206, 301, 304, 400, 401, 404, 408, 429, 500, 503, 999])
RESPONSES = st.one_of(
    st.builds(lambda status, body, headers: raw(status, body, *headers), STATUSES, BODIES, HEADERS),
    st.binary(max_size=80),
    st.sampled_from([b"", b"HTTP/1.1 200", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n{}", b"\r\n" * 200]),
)


@settings(max_examples=max(settings.default.max_examples, 100))
@given(st.sampled_from(sorted(CALLS)), st.lists(RESPONSES, min_size=1, max_size=3))
def test_any_response_becomes_a_result_or_one_of_our_errors(call: str, responses: list[bytes]) -> None:
    left = list(responses)
    _, ended = outcomes(lambda _method, _path: left.pop(0) if len(left) > 1 else left[0], call)
    assert_ours(ended[0])


TUNNEL: dict[str, Any] = {
    "id": "tn_1",
    "started_at": "2025-01-21T18:19:53Z",
    "labels": {"app": "web"},
    "forwards_to": "localhost:80",
    "tunnel_session": {"id": "ts_1", "uri": "https://x"},
}
TUNNEL_PAGES = st.one_of(
    with_one_field_wrong(TUNNEL).map(lambda tunnel: {"tunnels": [tunnel]}),
    with_one_field_wrong({"tunnels": [TUNNEL], "next_page_uri": None}),
    JSON,
)


@given(RESPONSES | TUNNEL_PAGES.map(lambda page: raw(200, encoded(page))))
def test_any_list_of_tunnels_changes_only_the_message(listed: bytes) -> None:
    with HostileServer(lambda _method, _path: listed) as server, Emulator() as unused:
        deployment = Deployment(unused, server.url, **HOSTILE, snapshot_seconds=0.5)
        provider = deployment.start()
        news = {"labels": {"app": "new"}}
        provider.check({**STATE}, news)
        assert provider.diff(ID, {**STATE}, news).changes
        for line in (*deployment.heard.warnings, *deployment.heard.infos):
            assert line.isprintable()
            assert KEY not in line
            line.encode()
        assert len(server.requests) <= 20


@given(RESPONSES, st.none() | RESPONSES)
def test_no_create_ends_without_its_fate(posted: bytes, listed: bytes | None) -> None:
    """The server creates at every POST, whatever it says then."""
    server, (error,) = outcomes(lambda method, _path: posted if method == "POST" else listed, "create")
    assert_ours(error)
    made = len(server.backends) - 1
    if made > 1:
        # Sent again: only after a list that did not show the first one, or an error that says "not done".
        assert listed is not None or b" 429 " in posted[:20] or b"ERR_NGROK_22" in posted or b"5001" in posted
    # A limit, and ngrok's own 4xx, say that nothing was done.
    not_done = ("ngrok says: ", "ngrok rejected it", "The next request can be sent in")
    if error is None or (posted[8:10] == b" 4" and any(words in str(error) for words in not_done)):
        return
    assert "may have been created" in str(error) or "one may still" in str(error) or "Several" in str(error)


@pytest.mark.parametrize("begun", [[], [b"HTTP/1.1 201 Created\r\nContent-Length: 300\r\n\r\n{"]], ids=["no", "begun"])
def test_plain_text_amid_a_response_over_tls_leaves_no_create_behind(
    monkeypatch: pytest.MonkeyPatch, begun: list[bytes]
) -> None:
    context, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    posts = [iter([*begun, PLAIN])]
    with authority.cert_pem.tempfile() as bundle, Emulator() as unused:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        with HostileServer(lambda method, _: posts.pop() if method == "POST" and posts else None, context) as server:
            Deployment(unused, server.url, **HOSTILE).start().create({"labels": {"app": "web"}})
    assert [request.split()[0] for request in server.requests] == ["POST", "GET"]
    assert len(server.backends) == 1


@pytest.mark.parametrize("created_at", ["2026-01-21\ud80018:19:53Z", 5])
def test_a_create_whose_response_cannot_be_stored_is_looked_for(created_at: object) -> None:
    odd = response(201, {**BACKEND, "created_at": created_at})
    with HostileServer(lambda method, _: odd if method == "POST" else None) as server, Emulator() as unused:
        made = Deployment(unused, server.url, **HOSTILE).start().create({"labels": {"app": "web"}})
    assert made.id in server.backends
    assert made.outs
    assert made.outs["created_at"] == server.backends[made.id]["created_at"]
    assert [request.split()[0] for request in server.requests] == ["POST", "GET"]


@pytest.mark.parametrize("body", [{}, {"error_code": "ERR_NGROK_9", "msg": "maintenance"}])
def test_a_delete_with_a_body_is_unreadable(body: object) -> None:
    with HostileServer(lambda *_: response(200, body)) as server, Emulator() as unused:
        server.add(ID, labels={})
        with pytest.raises(
            ProviderError, match=r"the response has a body, but that of a delete has none\. Check whether a proxy"
        ):
            Deployment(unused, server.url, **HOSTILE).start().delete(ID, {**STATE})


def test_a_servers_text_never_shows_the_key_or_control_characters() -> None:
    uri = f"/backends/tunnel_group?before_id={KEY}\x1b[2J\u2028forged"
    pages = response(200, {"backends": [BACKEND], "next_page_uri": uri}, f"Ngrok-Operation-Id: op_{KEY}")
    with HostileServer(lambda _method, path: pages if "limit=" in path else None) as server, Emulator() as unused:
        deployment = Deployment(unused, server.url, **HOSTILE)
        provider = deployment.start()
        for n in range(3):
            server.add(f"bkdtg_other{n}")
            provider.read(f"bkdtg_other{n}", {**STATE})
    assert len(deployment.heard.debugs) > 3
    for line in deployment.heard.debugs:
        assert line.isprintable()
        assert KEY not in line
