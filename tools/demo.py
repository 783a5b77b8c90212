"""The main job, shown on a local ngrok API: ``make demo``. Works in a temp folder and touches no ngrok account."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil
import requests
from rich.console import Console

from pulumi_ngrok_tg.emulator import Emulator

ROOT = Path(__file__).parents[1]
KEY = "demo_key_of_the_local_emulator"
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="ngrok-demo-") as folder, Emulator(api_keys=(KEY,)) as emulator:
            show(Path(folder), emulator)
    except KeyboardInterrupt:
        console.print("\nInterrupted. The local API is stopped and the temporary folder is removed.")
        return 130
    except subprocess.CalledProcessError as error:
        console.print(f"\n[red]`{' '.join(error.cmd)}` ended with {error.returncode}; see above.[/red]")
        return 1
    return 0


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def show(folder: Path, emulator: Emulator) -> None:
    account = emulator.account(KEY)
    environment = make_environment(folder, emulator)
    basic, consumer = (shutil.copytree(ROOT / "examples" / name, folder / name) for name in ("basic", "consumer"))

    step(f"A local ngrok API serves on {emulator.url}. No ngrok account is used, whatever NGROK_API_KEY says.")

    step("1. Create the backends of examples/basic")
    pulumi(basic, environment, "stack", "init", "dev")
    pulumi(basic, environment, "up", "--yes")

    step("2. Use their outputs in another stack, examples/consumer, through a stack reference")
    pulumi(consumer, environment, "stack", "init", "dev")
    pulumi(consumer, environment, "up", "--yes")

    step("3. Somebody changes a backend behind Pulumi's back")
    web = next(backend for backend in account.backends.values() if backend.description == "Public website")
    drift = {"description": "Changed by hand"}
    headers = {"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"}
    console.print(f"PATCH {emulator.url}/backends/tunnel_group/{web.id} {drift}")
    response = requests.patch(f"{emulator.url}/backends/tunnel_group/{web.id}", json=drift, headers=headers, timeout=10)
    response.raise_for_status()

    step("4. A preview with --refresh shows the drift, and changes nothing")
    pulumi(basic, environment, "preview", "--refresh", "--diff")

    step("5. `pulumi up --refresh` repairs it")
    pulumi(basic, environment, "up", "--yes", "--refresh", "--skip-preview")
    console.print(f"The API has it back: description = {web.description!r}")

    step("6. Destroy both stacks")
    pulumi(consumer, environment, "destroy", "--yes", "--skip-preview")
    pulumi(basic, environment, "destroy", "--yes", "--skip-preview")
    console.print(f"Backends left in the account: {len(account.backends)}")

    step("Done. To run the same program on a real account")
    console.print(
        "  cd examples/basic\n"
        "  pulumi stack init dev\n"
        "  pulumi config set --secret ngrok:apiKey    # an API key of https://dashboard.ngrok.com/api-keys\n"
        "  pulumi up\n"
        "with the pulumi CLI and this package installed (see README.md)."
    )


def make_environment(folder: Path, emulator: Emulator) -> dict[str, str]:
    """The user's environment without any Pulumi or ngrok settings, and with the demo's own."""
    engine = subprocess.run([sys.executable, ROOT / "tools/engine"], stdout=subprocess.PIPE, text=True, check=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "NGROK_"))}
    (folder / "state").mkdir()
    return {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), engine.stdout.strip(), os.environ["PATH"]]),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{folder}/state",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "NGROK_API_KEY": KEY,
        "NGROK_API_BASE_URL": emulator.url,
    }


def step(title: str) -> None:
    console.print(f"\n[bold cyan]{title}[/bold cyan]")


def pulumi(folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Runs the CLI; an interrupt is passed on to it once, and it is given the time to end what it started."""
    command = ["pulumi", *arguments, "--non-interactive"]
    console.print(f"[bold]$ {' '.join(command)}[/bold]  [dim]({folder.name})[/dim]")
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        raise
    finally:
        await_end(session=process.pid)
    if code:
        raise subprocess.CalledProcessError(code, command)


def await_end(session: int) -> None:
    """Waits for the plugins that the CLI has told to end; those that do not are ended."""
    plugins = [process for process in psutil.process_iter() if session_of(process.pid) == session]
    _, alive = psutil.wait_procs(plugins, 30)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main())
