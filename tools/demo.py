"""The main job, shown on a local ngrok API: ``make demo``. Works in a temp folder and touches no ngrok account."""

import difflib
import os
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
from rich.syntax import Syntax
from rich.text import Text

from pulumi_ngrok_tg.emulator import Emulator

ROOT = Path(__file__).parents[1]
KEY = "demo_key_of_the_local_emulator"
PROGRAM = """from pulumi_ngrok_tg import TunnelGroupBackend

api = TunnelGroupBackend("api", labels={"app": "api"}, description="Public API")
"""
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
    engine = environment["PATH"].split(os.pathsep)[1]
    shop = folder / "shop"
    shop.mkdir()
    (shop / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (shop / "__main__.py").write_text(PROGRAM)
    web = account.create({"labels": {"app": "web", "dc": "fra"}, "description": "Website"})
    for port in (8080, 8081):
        account.connect_tunnel(web.labels, f"http://localhost:{port}")
    account.connect_tunnel({**web.labels, "dc": "ams"}, "http://localhost:8082")
    route = {"match": "/", "match_type": "path_prefix", "backend": {"enabled": True, "backend": {"id": web.id}}}
    account.add_referrer("https_edges", {"hostports": ["www.example.com:443"], "routes": [route]})

    step(f"A local ngrok API serves on {emulator.url}. No ngrok account is used, whatever NGROK_API_KEY says.")

    step("1. Create a backend from a program, __main__.py")
    show_code(PROGRAM, "python")
    run(shop, environment, "pulumi", "stack", "init", "dev")
    run(shop, environment, "pulumi", "up", "--yes", "--skip-preview")

    step("2. Adopt a backend that somebody clicked, without a write at ngrok")
    run(shop, environment, "pulumi-ngrok-tg", "list", "--references")
    run(shop, environment, "pulumi-ngrok-tg", "import", "--yes")
    emulator.requests.clear()
    run(shop, environment, "pulumi", "up", "--yes", "--skip-preview")
    console.print(f"ngrok received: {', '.join(emulator.requests.methods)}")

    step("3. Change a label in what the import wrote: the preview says what that does to traffic")
    module = shop / "tunnel_group_backends.py"
    declared = module.read_text()
    changed = declared.replace('"dc": "fra"', '"dc": "ams"')
    module.write_text(changed)
    show_code("\n".join(compare(declared, changed, module.name)), "diff")
    run(shop, environment, "pulumi", "preview")
    module.write_text(declared)

    step("4. Somebody changes the backend at ngrok: a preview with --refresh shows the drift, and changes nothing")
    drift = {"description": "Changed by hand"}
    headers = {"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"}
    console.print(f"PATCH {emulator.url}/backends/tunnel_group/{web.id} {drift}")
    response = requests.patch(f"{emulator.url}/backends/tunnel_group/{web.id}", json=drift, headers=headers, timeout=10)
    response.raise_for_status()
    run(shop, environment, "pulumi", "preview", "--refresh", "--diff")

    step("5. Repair it")
    run(shop, environment, "pulumi", "up", "--yes", "--refresh", "--skip-preview")
    console.print(f"ngrok has it back: description = {web.description!r}")

    step("Done. The local API and this stack are gone now.")
    console.print(
        'To go on with your own account, follow "Begin" in README.md. The Pulumi CLI that ran here:\n'
        f"  export PATH={engine}:$PATH"
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


def show_code(code: str, language: str) -> None:
    for line in Syntax("", language, theme="ansi_dark").highlight(code.rstrip("\n")).split():
        console.print(Text("    ") + line)


def compare(before: str, after: str, name: str) -> list[str]:
    """The lines of a diff, as git prints it."""
    texts = (before.splitlines(), after.splitlines())
    return list(difflib.unified_diff(*texts, f"a/{name}", f"b/{name}", n=2, lineterm=""))


def step(title: str) -> None:
    console.print(f"\n[bold cyan]{title}[/bold cyan]")


def run(folder: Path, environment: Mapping[str, str], *command: str) -> None:
    """Runs a command; an interrupt is passed on to it once, and it is given the time to end what it started."""
    console.print(f"[bold]$ {' '.join(command)}[/bold]", markup=True)
    color = "always" if console.is_terminal else "never"
    options = ["--non-interactive", f"--color={color}"] if command[0] == "pulumi" else []
    process = subprocess.Popen([*command, *options], cwd=folder, env=environment, start_new_session=True)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        raise
    finally:
        await_end(session=process.pid)
    if code:
        raise subprocess.CalledProcessError(code, [*command])


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
