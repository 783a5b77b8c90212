"""What the policy pack adds to a preview: without one, with an empty one and with ours in turn; and how rules grow."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pulumi_ngrok_tg.emulator import Emulator
from pulumi_ngrok_tg.policy.catalog import POLICIES, OfBackend
from pulumi_ngrok_tg.policy.declared import Declared
from pulumi_ngrok_tg.policy.setting_schemas import check_settings
from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[1]
ROUNDS = 5
PACK = ("--policy-pack", str(Path(sys.executable).parent / "pulumi-ngrok-tg-policy"))
EMPTY = """#!{python} -u
from pulumi_policy import PolicyPack, ResourceValidationPolicy
PolicyPack("empty", [ResourceValidationPolicy("nothing", "Asks nothing.", lambda args, report: None)])
"""
PROGRAM = """
for n in range({count}):
    labels = {{"app": "web", "n": str(n)}}
    TunnelGroupBackend(f"b{{n}}", labels=labels, description="Website", metadata={{"team": "web"}})
"""


def seconds_of(stack: Stack, *options: str) -> float:
    began = time.perf_counter()
    stack.preview(*options)
    return time.perf_counter() - began


def rules(count: int) -> float:
    """Seconds that all rules take for so many backends, without the engine."""
    backends = [
        Declared(f"b{n}", f"urn:{n}", labels={"app": "web", "n": str(n)}, description="Website", metadata='{"a": 1}')
        for n in range(count)
    ]
    began = time.perf_counter()
    for policy in POLICIES:
        settings = check_settings(policy.name, policy.settings, {})
        if isinstance(policy, OfBackend):
            for backend in backends:
                list(policy.rule(backend, settings))
        else:
            list(policy.rule(backends, settings))
    return time.perf_counter() - began


def main() -> None:
    engine = Path(
        subprocess.run([sys.executable, ROOT / "tools/engine"], stdout=-1, text=True, check=True).stdout.strip()
    )
    with tempfile.TemporaryDirectory() as folder, Emulator() as ngrok:
        environment = {"NGROK_API_KEY": "bench-key", "NGROK_API_BASE_URL": ngrok.url}
        empty = Path(folder, "empty")
        empty.write_text(EMPTY.format(python=sys.executable))
        empty.chmod(0o755)
        for count in (50, 500):
            project = Path(folder, f"n{count}")
            project.mkdir()
            program = PROGRAM.format(count=count)
            stack = Stack(engine, Path(folder, "home"), project, "bench", program, environment)
            seconds_of(stack, *PACK)  # fills the file cache
            options = ((), ("--policy-pack", str(empty)), PACK)
            rounds = [[seconds_of(stack, *one) for one in options] for _ in range(ROUNDS)]
            without = statistics.median(times[0] for times in rounds)
            nothing, ours = (statistics.median(times[n] / times[0] for times in rounds) for n in (1, 2))
            print(
                f"preview of {count}: {without:.2f} s without a pack, "
                f"x{nothing:.2f} with an empty one, x{ours:.2f} with ours"
            )
    rules(10)
    few, many = (statistics.median(rules(count) for _ in range(ROUNDS)) for count in (500, 5000))
    print(f"the rules alone: {few * 1000:.0f} ms for 500 backends, x{many / few:.1f} for ten times as many")


if __name__ == "__main__":
    main()
