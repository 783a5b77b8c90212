"""Writes the table of policies into docs/policies.md, from the code: ``python tools/policy_table``."""

import json
import re
from pathlib import Path

from pulumi_ngrok_tg.policy.catalog import POLICIES, OfStack

PAGE = Path(__file__).parents[2] / "docs/policies.md"
BEGIN, END = "<!-- made by tools/policy_table -->\n", "<!-- end -->\n"


def table() -> str:
    rows = ["| policy | level | what it asks | settings |", "|---|---|---|---|"]
    for policy in POLICIES:
        settings = [
            f"`{name}`: {schema['description']}"
            + (f" Default: `{json.dumps(schema['default'])}`." if "default" in schema else "")
            for name, schema in policy.settings.items()
        ]
        asks = policy.description + (" (of a stack)" if isinstance(policy, OfStack) else "")
        rows.append(f"| `{policy.name}` | {policy.level} | {asks} | {' '.join(settings) or '-'} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """The page with the table as the code has it."""
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}{table()}{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
