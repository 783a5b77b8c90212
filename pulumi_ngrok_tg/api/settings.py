"""How to reach one ngrok account."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AccountSettings:
    """How to reach one ngrok account, and how much of it to ask for. Its ``repr`` holds no key."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.ngrok.com"
    """Scheme and host in lower case, no default port, no slash at the end."""
    max_attempts: int = 5
    """Times a request is sent before its failure is final. Responses that tell of a limit do not count."""
    max_wait_seconds: float = 300.0
    """Seconds one call may spend waiting, over all of its requests: for limits to pass and between attempts."""
    max_concurrency: int = 8
    """Requests in flight at once."""
    backoff: float = 0.5
    """Seconds before the second attempt; twice as long before each further one, 15 s at most, plus a random part."""
    connect_timeout: float = 10.0
    """Seconds."""
    read_timeout: float = 30.0
    """Seconds for the whole response, once the request is sent."""
    look_seconds: float = 10.0
    """Seconds after which a look at the tunnels online asks for no further page; each page has as long to come."""
    look_age: float = 5.0
    """Seconds after which a look that a change depends on is too old, and is made again."""
    rate_limit: int = 120
    """Requests ngrok accepts in ``rate_window`` seconds (API overview, 2026). Heeded once ngrok has enforced it."""
    rate_window: float = 60.0
