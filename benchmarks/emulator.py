"""What the emulator bears: requests a second, what it adds to a latency, memory, long lists, and how soon it serves."""

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import requests

from pulumi_ngrok_tg.emulator import Emulator

PATH = "/backends/tunnel_group"
KEY = "bench-key"
ROUNDS = 3
LATENCY = 0.05  # seconds
COMMAND = Path(sys.executable).parent / "pulumi-ngrok-tg"

# The clients are processes of their own, or they would take turns with the server.
CLIENT = """
import http.client, json, sys, threading, time
port, connections, count, method, path = *map(int, sys.argv[1:4]), *sys.argv[4:]
body = b'{"labels": {"app": "web"}}' if method == "POST" else None
headers = {"Authorization": "Bearer bench-key", "Ngrok-Version": "2"}
took = []
def run():
    kept = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(count):
        began = time.perf_counter()
        kept.request(method, path, body, headers)
        kept.getresponse().read()
        took.append(time.perf_counter() - began)
threads = [threading.Thread(target=run) for _ in range(connections)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(took))
"""


def pace(ngrok: Emulator, clients: int, connections: int, count: int, method: str = "GET") -> tuple[float, list[float]]:
    """Requests a second, and how long each took, of clients with so many kept connections each: reads or creates."""
    path = f"{PATH}/bkdtg_none" if method == "GET" else PATH
    command = [sys.executable, "-c", CLIENT, str(ngrok.port), str(connections), str(count), method, path]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(clients)]
    took = [seconds for client in running for seconds in json.loads(client.communicate()[0])]
    arrived = [request.arrived for request in ngrok.requests]
    ngrok.requests.clear()
    return len(arrived) / (max(arrived) - min(arrived)), sorted(took)


def middle_and_tail(took: list[float], beside: float = 0.0) -> str:
    middle, tail = statistics.median(took) - beside, took[int(len(took) * 0.99)] - beside
    return f"median {middle * 1000:.2f} ms, p99 {tail * 1000:.2f} ms"


def requests_a_second() -> None:
    with Emulator() as ngrok:
        rates = {}
        for clients, connections, count in ((1, 1, 3000), (4, 4, 500)):
            runs = [pace(ngrok, clients, connections, count) for _ in range(ROUNDS)]
            rates[clients * connections] = statistics.median(rate for rate, _ in runs)
            took = sorted(seconds for _, seconds_ in runs for seconds in seconds_)
            print(
                f"{clients * connections} kept connections: {rates[clients * connections]:.0f} requests a second, "
                f"{middle_and_tail(took)}"
            )
        print(f"16 connections get x{rates[16] / rates[1]:.2f} of what one gets")
        ngrok.set(latency=LATENCY)
        for clients, connections in ((1, 1), (4, 4)):
            _, took = pace(ngrok, clients, connections, 50)
            print(
                f"a latency of {LATENCY * 1000:g} ms over {clients * connections} connections: "
                f"{middle_and_tail(took, LATENCY)} more than that"
            )


def many_backends() -> None:
    listing = {}
    for count in (1000, 10_000):
        with Emulator() as ngrok:
            account = ngrok.account(KEY)
            tracemalloc.start()
            for n in range(count):
                account.create(
                    {"labels": {"app": "web", "n": str(n)}, "description": "Website", "metadata": '{"a": 1}'}
                )
            held = tracemalloc.get_traced_memory()[0] / count
            tracemalloc.stop()
            listing[count] = statistics.median(seconds_to_list(ngrok, count) for _ in range(ROUNDS))
            print(
                f"{count} backends: {held:.0f} bytes each, {held * count / 2**20:.1f} MiB; "
                f"all listed in {listing[count]:.2f} s"
            )
    print(f"a list of ten times as many takes x{listing[10_000] / listing[1000]:.1f}")


def seconds_to_list(ngrok: Emulator, count: int) -> float:
    """Seconds until a client has all pages."""
    began, uri, listed = time.perf_counter(), f"{ngrok.url}{PATH}", 0
    with requests.Session() as client:
        client.headers.update({"Authorization": f"Bearer {KEY}", "Ngrok-Version": "2"})
        while uri:
            page = client.get(uri, timeout=60).json()
            listed += len(page["backends"])
            uri = page["next_page_uri"]
    assert listed == count
    return time.perf_counter() - began


def start() -> None:
    """How soon the command serves, beside what Python itself takes to start."""
    pairs = []
    for _ in range(11):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        python = time.perf_counter() - began
        began = time.perf_counter()
        with subprocess.Popen([COMMAND, "emulator", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline().startswith("Serving")
            pairs.append((python, time.perf_counter() - began))
            process.terminate()
    python, serves = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    print(f"the command serves after {serves * 1000:.0f} ms; Python alone starts in {python * 1000:.0f} ms")


if __name__ == "__main__":
    requests_a_second()
    many_backends()
    start()
