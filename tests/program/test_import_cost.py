"""What ``import pulumi_ngrok_tg`` brings along."""

import subprocess
import sys


def test_a_program_that_only_declares_loads_no_http_client() -> None:
    program = "import pulumi_ngrok_tg, sys; print({'requests', 'urllib3', 'rich', 'msgspec', 'click'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
