"""Requests from scripts of web pages, as ngrok's API takes them (https://ngrok.com/docs/api#cors)."""

from collections.abc import Sequence

from pulumi_ngrok_tg.emulator.messages import HttpRequest

_MAX_AGE = 600  # seconds that a browser may remember a preflight


def is_preflight(request: HttpRequest) -> bool:
    """Tells whether a browser asks what it may send."""
    return request.method == "OPTIONS" and {"Origin", "Access-Control-Request-Method"} <= request.headers.keys()


def headers(request: HttpRequest, methods: Sequence[str]) -> dict[str, str]:
    """Returns what the response to a request from a web page carries; ``methods`` are those its path takes."""
    if "Origin" not in request.headers:
        return {}
    allowed = {
        "Access-Control-Allow-Origin": request.headers["Origin"],
        "Access-Control-Allow-Credentials": "true",
    }
    if is_preflight(request):
        allowed["Access-Control-Allow-Methods"] = ", ".join(methods)
        allowed["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "")
        allowed["Access-Control-Max-Age"] = str(_MAX_AGE)
    return allowed
