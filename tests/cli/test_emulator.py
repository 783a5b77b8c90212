"""``pulumi-ngrok-tg emulator``, as a user runs it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulator.api import PATH, Api

COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"
ID = "bkdtg_2rwwlBV3giwRa5gGhtBlK6AH8q4"


class Running:
    """The command while it serves."""

    def __init__(self, *options: str, host: str = "127.0.0.1") -> None:
        self.process = subprocess.Popen(
            [COMMAND, "emulator", "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout
        serving, use = self.process.stdout.readline(), self.process.stdout.readline()
        assert serving.startswith(f"Serving ngrok's Tunnel Group Backends API on http://{host}:"), serving
        assert serving.endswith(" (Ctrl-C ends it)\n")
        self.url = serving.split(" on ")[1].split()[0]
        assert use.startswith(f"Use it with: export NGROK_API_BASE_URL={self.url} NGROK_API_KEY=")
        self.key = use.strip().rpartition("=")[2]

    def status(self, key: str) -> int:
        with Api(self.url, key) as api:
            return api.get(PATH).status_code


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started = []

    def start(*options: str, **expected: str) -> Running:
        started.append(Running(*options, **expected))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout
        running.process.stdout.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_any_key_until_a_signal(run: Callable[..., Running], ending: signal.Signals) -> None:
    running = run()
    assert running.key == "any-key"
    with Api(running.url, "any-key") as kept:  # whose connection is open when it ends
        assert kept.get(PATH).status_code == 200
        running.process.send_signal(ending)
        said, _ = running.process.communicate(timeout=20)
    assert (said, running.process.returncode) == ("Stopped.\n", 0)


def test_it_serves_the_named_keys_only_and_prints_one(run: Callable[..., Running]) -> None:
    running = run("--api-key", "one", "--api-key", "two")
    assert running.key == "one"
    assert [running.status(key) for key in ("one", "two", "any-key")] == [200, 200, 401]


def test_a_named_host_is_printed_and_only_a_made_up_key_accepted(run: Callable[..., Running]) -> None:
    running = run("--host", "api.test", host="api.test")
    running.url = running.url.replace("api.test", "127.0.0.1")
    assert [running.status(key) for key in (running.key, "any-key")] == [200, 401]
    with Api(running.url, running.key) as api:
        named = {"Host": "api.test"}
        assert api.get(PATH, headers=named).json()["uri"] == f"http://api.test{PATH}"
    running = run("--host", "api.test", "--api-key", "mine", host="api.test")
    assert running.key == "mine"


def test_log_prints_a_line_for_each_request_whatever_its_path(run: Callable[..., Running]) -> None:
    running = run("--log")
    with Api(running.url, "any-key") as api:
        api.post(PATH, json={})
        api.get("/x%0aDELETE%20/y%1b[31m")
    running.process.terminate()
    said, _ = running.process.communicate(timeout=20)
    *lines, stopped = re.sub(r"[0-9]+ ms", "N ms", said).splitlines()
    assert lines == [f"POST {PATH} 201 N ms", "GET /x\\nDELETE /y\\x1b[31m 404 N ms"]
    assert stopped == "Stopped."


def test_a_log_that_nobody_reads_changes_no_response(run: Callable[..., Running]) -> None:
    running = run("--log")
    assert running.process.stdout
    running.process.stdout.close()
    assert [running.status("any-key") for _ in range(3)] == [200] * 3


def test_the_key_it_prints_survives_a_shell(run: Callable[..., Running]) -> None:
    running = run("--api-key", "a$b;c")
    said = subprocess.run(
        ["sh", "-c", f"export NGROK_API_KEY={running.key}; echo $NGROK_API_KEY"], stdout=-1, text=True
    )
    assert said.stdout == "a$b;c\n"


def test_it_can_be_slow_and_limit_as_ngrok_does(run: Callable[..., Running]) -> None:
    with Api(run("--latency", "0.2", "--realistic").url, "any-key") as api:
        began = time.monotonic()
        assert api.get(PATH).status_code == 200
        assert time.monotonic() - began >= 0.2
        shown = api.get("/_emulator/settings").json()
        assert (shown["latency"], shown["rate_limit"]) == (0.2, {"requests": 120, "seconds": 60.0, "retry_after": None})
    with Api(run("--realistic").url, "any-key") as api:
        assert [api.get(PATH).status_code for _ in range(121)] == [200] * 120 + [429]
    with Api(run().url, "any-key") as api:
        assert [api.get(PATH).status_code for _ in range(121)] == [200] * 121


# Seeds ---------------------------------------------------------------------------------------------------------------

SEED = [
    {"labels": {"app": "new"}},
    {"id": ID, "created_at": "2025-01-21T18:19:53Z", "description": "acme", "metadata": None, "labels": {"app": "web"}},
]


@pytest.mark.parametrize("as_listed", [True, False])
def test_each_account_begins_with_the_seed(run: Callable[..., Running], tmp_path: Path, as_listed: bool) -> None:
    extras = {"managed_by": {"kind": "nobody"}, "tunnels": [], "uri": "https://api.ngrok.com/x"}
    content = {"backends": [{**one, **extras} for one in SEED], "next_page_uri": None} if as_listed else SEED
    (tmp_path / "seed.json").write_text(json.dumps(content))
    named = run("--seed", str(tmp_path / "seed.json"))
    assert (named.status(named.key), named.status("any-key")) == (200, 401), "they may be real ones"
    running = run("--seed", str(tmp_path / "seed.json"), "--api-key", "one", "--api-key", "two")
    for key in ("one", "two"):
        with Api(running.url, key) as api:
            new, old = api.get(PATH).json()["backends"]
            assert new["labels"] == {"app": "new"}
            assert old == {
                "id": ID,
                "uri": f"{running.url}{PATH}/{ID}",
                "created_at": "2025-01-21T18:19:53Z",
                "description": "acme",
                "metadata": "",
                "labels": {"app": "web"},
                "tunnels": [],
            }
            assert api.delete(f"{PATH}/{ID}").status_code == 204
            assert api.create()["id"] > new["id"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[", "Input data was truncated."),
        ("5", "Expected `object | array`, got `int`."),
        ("{}", "Object missing required field `backends`."),
        ('[{"labls": {}}]', "Object contains unknown field `labls` - at `$[0]`."),
        ('[{"id": "bkdhr_x"}]', "Expected `str` matching regex '^bkdtg_[0-9A-Za-z]{27}\\\\Z' - at `$[0].id`."),
        ('[{"created_at": "2025-99-99T99:99:99Z"}]', "Invalid RFC3339 encoded datetime - at `$[0].created_at`."),
        (f'[{{"id": "{ID}\\n"}}]', "Expected `str` matching regex '^bkdtg_[0-9A-Za-z]{27}\\\\Z' - at `$[0].id`."),
        ('[{"uri": ' + "[" * 100_000, "It is nested too deep."),
        (
            '{"backends": [], "next_page_uri": "https://api.ngrok.com/x"}',
            "This is one page of a list; put the backends of all pages into it.",
        ),
    ],
)
def test_a_malformed_seed_is_an_error(tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "seed.json").write_text(content)
    assert refused("--seed", str(tmp_path / "seed.json")) == f"Error: Invalid value for --seed: {what}"


def test_seeds_without_an_id_are_the_newest_in_their_order(run: Callable[..., Running], tmp_path: Path) -> None:
    seed = [{"description": "b"}, {"description": "a"}, {"id": ID, "description": "old"}]
    (tmp_path / "seed.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(seed).encode())
    running = run("--seed", str(tmp_path / "seed.json"))
    with Api(running.url, running.key) as api:
        assert [one["description"] for one in api.get(PATH).json()["backends"]] == ["b", "a", "old"]


def test_a_seed_beyond_ngroks_limits_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_text(f'[{{"id": "{ID}"}}, {{"id": "{ID}"}}]')
    assert refused("--seed", str(tmp_path / "seed.json")) == f"Error: There are two backends with the id {ID}."
    (tmp_path / "seed.json").write_text('[{}, {"labels": {"a=b": "c"}}]')
    told = "Error: Backend 2: The tunnel group label key/value a=b may not contain '=' characters."
    assert refused("--seed", str(tmp_path / "seed.json")) == told


# What it cannot do ---------------------------------------------------------------------------------------------------


def refused(*options: str, code: int = 2) -> str:
    """The last line of what the command says to options that it cannot serve with."""
    done = subprocess.run([COMMAND, "emulator", *options], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = refused("--port", port, code=1)
    assert told == f"Error: Port {port} is in use. Choose another with --port."


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--port", "99999"), "Invalid value for '--port': 99999 is not in the range 0<=x<=65535."),
        (("--port", "-1"), "Invalid value for '--port': -1 is not in the range 0<=x<=65535."),
        (("--latency", "-1"), "Invalid value for '--latency': -1.0 is not in the range 0<=x<=86400."),
        (("--latency", "nan"), "Expected `float` >= 0.0 - at `$.latency`"),
        (("--api-key", ""), "API keys are words of printable ASCII; '' is not."),
        (("--api-key", " k1"), "API keys are words of printable ASCII; ' k1' is not."),
        (("--api-key", "schlüssel"), "API keys are words of printable ASCII; 'schlüssel' is not."),
    ],
)
def test_a_senseless_option_is_named(options: tuple[str, ...], what: str) -> None:
    port = () if "--port" in options else ("--port", "0")
    assert refused(*options, *port) == f"Error: {what}"


def test_a_privileged_port_is_one_line() -> None:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    setpriv = shutil.which("setpriv")
    if not setpriv or not first.exists() or int(first.read_text()) <= 80:
        pytest.skip("every port is for everybody here, or there is no setpriv")
    rights = ["--bounding-set", "-net_bind_service"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [setpriv, *rights, COMMAND, "emulator", "--port", "80"], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "Error: Port 80 needs rights that you do not have. Choose one from 1024 up with --port.\n"


# Quick ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--help"], {}),
        (["emulator", "--help"], {}),
        (["list", "--help"], {}),
        (
            [],
            {
                "_PULUMI_NGROK_TG_COMPLETE": "bash_complete",
                "COMP_WORDS": "pulumi-ngrok-tg em",
                "COMP_CWORD": "1",
            },
        ),
    ],
    ids=["help", "help of the emulator", "help of list", "completion"],
)
def test_help_and_completion_load_no_other_command(arguments: list[str], variables: dict[str, str]) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded:', *({'pulumi', 'grpc', 'requests'} & set(sys.modules))))\n"
        "sys.argv[0] = 'pulumi-ngrok-tg'\n"
        "from pulumi_ngrok_tg.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "emulator" in done.stdout or "list" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_it_serves_without_pulumi_requests_or_flask(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "for name in ('pulumi', 'grpc', 'requests', 'urllib3', 'flask', 'werkzeug'): sys.modules[name] = None\n"
    )
    with subprocess.Popen(
        [COMMAND, "emulator", "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Serving ")
        process.terminate()
