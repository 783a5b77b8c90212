"""How to reach one ngrok account."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AccountSettings:
    """How to reach one ngrok account, and how fast to send requests. Its ``repr`` does not hold the API key."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.ngrok.com"
    """Scheme and host in lower case, no default port, no slash at the end."""
    max_attempts: int = 5
    """How often a request is sent before its failure is final. Attempts that meet a limit do not count."""
    max_wait_seconds: float = 300.0
    """Seconds that one call may wait, over all of its requests: for limits, and between attempts."""
    max_concurrency: int = 8
    """Requests in flight at once."""
    backoff: float = 0.5
    """Seconds before the second attempt; twice as long before each further one, 15 s at most, plus a random part."""
    connect_timeout: float = 10.0
    """Seconds."""
    read_timeout: float = 30.0
    """Seconds for the whole response, once the request is sent."""
    settle_pauses: tuple[float, ...] = (1.0, 2.0, 4.0)
    """Seconds between reads of what ngrok may show late: a new backend, after a lost response or a "not found"."""
    snapshot_seconds: float = 10.0
    """Seconds that an advisory listing may take."""
    snapshot_max_age: float = 5.0
    """Seconds after which a listing that a change depends on is too old, and is made again."""
    rate_limit: int = 120
    """Requests that ngrok accepts in ``rate_window`` seconds (API overview, 2026); used after ngrok rejects one."""
    rate_window: float = 60.0
