"""What importing the resource costs a program on top of ``import pulumi``: pairs, run in turn, medians."""

import statistics
import subprocess
import sys
import time

PAIRS = 21
ALLOWED_MS = 30
OURS = "from pulumi_ngrok_tg import TunnelGroupBackend, get_tunnel_group_backend"


def milliseconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return (time.perf_counter() - started) * 1000


def main() -> int:
    milliseconds(f"import pulumi; {OURS}")  # fills the file cache and writes the bytecode
    pairs = [(milliseconds("import pulumi"), milliseconds(f"import pulumi; {OURS}")) for _ in range(PAIRS)]
    base = statistics.median(alone for alone, _ in pairs)
    added = statistics.median(both - alone for alone, both in pairs)
    print(f"import pulumi: {base:.0f} ms; {OURS} adds {added:.1f} ms (x{1 + added / base:.3f})")
    return 0 if added <= ALLOWED_MS else 1


if __name__ == "__main__":
    sys.exit(main())
