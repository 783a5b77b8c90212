"""``pulumi-ngrok-tg-policy``: the policy pack as a program that the Pulumi engine starts."""

import sys

_USE = """The Pulumi engine starts this program; give it to a preview or an update:
  pulumi preview --policy-pack "$(command -v pulumi-ngrok-tg-policy)"
"""


def main() -> None:
    """Serves the policies to the engine that started this, until it ends it; or says which extra is missing."""
    if len(sys.argv) < 2:  # the engine gives its address
        sys.exit(_USE)
    try:
        from pulumi_ngrok_tg.policy.pack import serve
    except ModuleNotFoundError as error:
        if error.name not in ("pulumi_policy", "detect_secrets", "jsonschema"):
            raise
        sys.exit("This needs an extra. Run: pip install 'pulumi-ngrok-tg[policy]'")
    serve()
