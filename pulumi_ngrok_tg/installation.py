"""How this package was installed: its version and commit, and how to add an extra."""

import json
import shlex
from importlib.metadata import distribution
from urllib.parse import urlsplit
from urllib.request import url2pathname

_PACKAGE = "pulumi-ngrok-tg"


def describe_version() -> str:
    """Return the version, and the commit if it was built in a clone (``tools/build_hook.py`` notes it)."""
    installed = distribution(_PACKAGE)
    commit = installed.read_text("extra_metadata/commit")
    return installed.version + (f" (commit {commit})" if commit else "")


def explain_extra(extra: str) -> str:
    """Return the command that adds an extra, from the folder or file of the first installation."""
    url = urlsplit(json.loads(distribution(_PACKAGE).read_text("direct_url.json") or "{}").get("url", ""))  # PEP 610
    origin = url2pathname(url.path) if url.scheme == "file" else f"path/to/{_PACKAGE}"
    return f"pip install {shlex.quote(f'{origin}[{extra}]')}"
