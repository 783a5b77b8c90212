"""Writes the tables in docs/ that the code holds: ``python tools/tables.py``."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from pulumi_ngrok_tg.accounts.stack_config import Source
from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.emulator.settings_and_faults import Fault, RateLimit, Settings
from pulumi_ngrok_tg.policy.catalog import POLICIES, OfStack
from pulumi_ngrok_tg.rules.advice import BY_CODE

DOCS = Path(__file__).parents[1] / "docs"


def policies() -> str:
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


def fields_of(kind: type[msgspec.Struct]) -> str:
    """A table of a type's fields, as its JSON takes them."""
    (schema,), definitions = msgspec.json.schema_components([kind], ref_template="{name}")
    rows = ["| field | takes | default | |", "|---|---|---|---|"]
    for name, field in definitions[schema["$ref"]]["properties"].items():
        default = json.dumps(field.get("default", {} if field.get("type") == "object" else None))
        rows.append(f"| `{name}` | {takes(field)} | `{default}` | {field['description']} |")
    return "\n".join(rows) + "\n"


def takes(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(takes(one) for one in field["anyOf"])
    if "$ref" in field:
        given = ", ".join(f"`{name}` ({default!r})" for name, default in RateLimit().__rich_repr__())
        return f"object of {given}".replace("'", "").replace("None", "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"] if value is not None) + (
            " or null" if None in field["enum"] else ""
        )
    least, most = field.get("minimum"), field.get("maximum")
    bounds = f" {least:g} to {most:g}" if most is not None else f" from {least:g} up" if least is not None else ""
    return f"{field['type']}{bounds}"


def messages() -> str:
    """A table of what ngrok's errors mean to a user of Pulumi."""
    codes: dict[str, list[int]] = {}
    source = Source(None, "ngrok:apiKey", "ngrok:apiBaseUrl")
    for code, advice in BY_CODE.items():
        codes.setdefault(advice.format(set_key=source.set_key, base_url=source.base_url), []).append(code)
    rows = ["| ERR_NGROK | what to do |", "|---|---|"]
    rows += [f"| {', '.join(map(str, sorted(numbers)))} | {advice} |" for advice, numbers in codes.items()]
    return "\n".join(rows) + "\n"


def references() -> str:
    """What `pulumi-ngrok-tg list --references` prints of a small account."""

    def way(id_: str) -> dict[str, Any]:
        return {"backend": {"enabled": True, "backend": {"id": id_}}}

    created = (datetime.now(timezone.utc) - timedelta(days=400)).isoformat()
    ids = [f"bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q{n}" for n in range(4)]
    apps = zip(ids, ("web", "spare", "api", "old"), strict=True)
    backends = [{"id": id_, "created_at": created, "labels": {"app": app}} for id_, app in apps]
    failover = {"id": "bkdfo_2rwwlBV3giwRa5gGhtBlK6AH8q9", "backends": ids[:2], "description": "main then spare"}
    routes = [
        {"match": "/", "match_type": "path_prefix", **way(failover["id"])},
        {"match": "/api", "match_type": "exact_path", **way(ids[2])},
    ]
    edges = [{"hostports": ["www.example.com:443"], "routes": routes}]
    tool = Path(sys.executable).parent / "pulumi-ngrok-tg"
    with (
        Emulator(0, ["test-key"], backends, {"failover_backends": [failover], "https_edges": edges}) as ngrok,
        TemporaryDirectory() as folder,
    ):
        printed = subprocess.run(
            [tool, "list", "--references"],
            cwd=folder,
            env={**os.environ, **ngrok.environment, "FORCE_COLOR": "1", "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        ).stdout
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)
    lines = [re.sub(r"(bkd.._)\w{24}", r"\1…", line.rstrip()) for line in plain.splitlines()]  # short ids
    return "\n".join(["```text", *lines, "```"]) + "\n"


def results() -> str:
    """The results of the benchmark: a row for each step, and who took how long; this package's seconds in bold."""
    with (DOCS / "performance.csv").open() as file:
        measured = {(one["backends"], one["step"], one["who"]): one for one in csv.DictReader(file)}
    lines = [
        "| backends | step | floor | **ours** | textbook | calls of ours | of textbook |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for backends, step in dict.fromkeys((backends, step) for backends, step, _ in measured):
        floor, ours, textbook = (measured.get((backends, step, who), {}) for who in ("floor", "ours", "textbook"))
        seconds = [one.get("seconds", "fails") for one in (floor, ours, textbook)]
        calls = [one.get("calls") or "-" for one in (ours, textbook)]
        lines.append(f"| {backends} | {step} | {seconds[0]} | **{seconds[1]}** | {seconds[2]} | {' | '.join(calls)} |")
    return "\n".join(lines) + "\n"


TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "policies.md": {"policies": policies},
    "failures.md": {"messages": messages},
    "references.md": {"list": references},
    "performance.md": {"results": results},
    "emulator.md": {"settings": lambda: fields_of(Settings), "faults": lambda: fields_of(Fault)},
}


def page(name: str) -> str:
    """A page with its tables as the code has them."""
    text = (DOCS / name).read_text()
    for table, made in TABLES[name].items():
        begin, end = f"<!-- made by tools/tables.py: {table} -->\n", "<!-- end -->\n"
        body = made()
        text, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}{body}{end}", text, flags=re.DOTALL)  # noqa: B023
        if count != 1:
            raise SystemExit(f"{name} has no place for the table of {table}")
    return text


if __name__ == "__main__":
    for name in TABLES:
        made = page(name)
        (DOCS / name).write_text(made)
