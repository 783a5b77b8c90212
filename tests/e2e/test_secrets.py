"""Where the API key and secret values must never be."""

from collections.abc import Callable

import pytest

from pulumi_ngrok_tg.emulator import Emulator
from tests.conftest import KEY
from tests.e2e.stack import Stack

SECRET = "hush-9f8e7d6c5b4a"


def everywhere(stack: Stack) -> str:
    """All files of the stack: program, state, history, logs."""
    return "\n".join(
        path.read_text(errors="replace")
        for folder in (stack.folder, stack.folder.parent / "state")
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )


# From level 9 the engine itself logs the config it passes to providers, decrypted; so it does with every provider.
@pytest.mark.nightly
@pytest.mark.parametrize(("source", "verbosity"), [("environment", 11), ("config", 8)])
def test_the_api_key_is_in_no_state_output_or_log(
    new_stack: Callable[..., Stack], emulator: Emulator, source: str, verbosity: int
) -> None:
    stack = new_stack(
        'TunnelGroupBackend("web", labels={"app": "web"})',
        environment={"NGROK_API_BASE_URL": emulator.url, **({"NGROK_API_KEY": KEY} if source == "environment" else {})},
    )
    if source == "config":
        stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    log = stack.folder / "events.json"
    stack.environment["PULUMI_DEBUG_COMMANDS"] = "true"  # uncovers --event-log
    said = stack.up("--logtostderr", f"-v={verbosity}", "--event-log", str(log)).text
    said += stack.refresh("--logtostderr", f"-v={verbosity}").text
    emulator.fault(
        method="PATCH", status=401, error_code=203, message=f"It is invalid. Your authentication: {KEY}. See"
    )
    stack.program('TunnelGroupBackend("web", labels={"app": "new"})')
    failed = stack.up("--logtostderr", f"-v={verbosity}", fails=True)
    emulator.fault(method="PATCH", body="[]")
    said += failed.text + stack.up("--debug", fails=True).text
    said += stack.pulumi("stack", "export").text + everywhere(stack)
    assert "ngrok says: It is invalid" in failed.text
    assert KEY not in said
    assert KEY.split("_")[1] not in said
    assert log.stat().st_size > 0
    for resource in stack.resources():
        assert isinstance(resource["inputs"]["__provider"], str), "nothing in the provider needs to be a secret"


@pytest.mark.nightly
def test_a_rotated_key_is_picked_up_as_the_readme_says(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    rotated = "rotated_0123456789abcdefghijklmn"
    stack = new_stack('TunnelGroupBackend("web")', environment={"NGROK_API_BASE_URL": emulator.url})
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    stack.up()
    emulator.rotate_key(KEY, rotated)
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", rotated)
    for fails in (stack.refresh, lambda fails: stack.up("--refresh", fails=fails)):
        (error,) = fails(fails=True).errors
        assert (
            "--refresh, `pulumi refresh` and `pulumi destroy` use the key that the last `pulumi up` recorded" in error
        )
        assert error.endswith("Run `pulumi up` without --refresh first, or add --run-program.")
    stack.refresh("--run-program")
    stack.up("--refresh", "--run-program")
    stack.up()
    stack.refresh()
    stack.destroy()
    assert emulator.account(rotated).backends == {}


@pytest.mark.nightly
def test_a_key_in_plain_text_is_a_warning(new_stack: Callable[..., Stack], emulator: Emulator) -> None:
    stack = new_stack(
        'TunnelGroupBackend("a"); TunnelGroupBackend("b")', environment={"NGROK_API_BASE_URL": emulator.url}
    )
    stack.pulumi("config", "set", "--plaintext", "ngrok:apiKey", KEY)
    said = stack.preview().text.split("Diagnostics:")[1]
    assert said.count("ngrok:apiKey is in plain text") == 1
    stack.pulumi("config", "set", "--secret", "ngrok:apiKey", KEY)
    assert "plain text" not in stack.preview().text


def test_secret_values_are_encrypted_in_the_state_and_masked_in_output(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    program = """
        secret = pulumi.Output.secret("{secret}")
        whole = TunnelGroupBackend("whole", metadata=secret, description=secret)
        TunnelGroupBackend("inside", metadata={{"token": secret, "n": {n}}}, labels={{"a": secret, "b": "open"}})
        pulumi.export("metadata", whole.metadata)
    """
    stack = new_stack(program.format(secret=SECRET, n=1))
    said = stack.preview("--diff").text + stack.up("--diff").text
    assert {b.metadata for b in emulator.account(KEY).backends.values()} == {SECRET, f'{{"n":1,"token":"{SECRET}"}}'}
    assert stack.output("metadata") == SECRET

    for backend in emulator.account(KEY).backends.values():
        backend.metadata = "drifted-" + SECRET
    said += stack.preview("--refresh", "--diff").text + stack.refresh("--diff").text + stack.up("--diff").text
    stack.program(program.format(secret=SECRET + "-next", n=2))
    said += stack.up("--diff").text + stack.pulumi("stack").text
    assert SECRET not in said
    assert SECRET not in everywhere(stack).replace((stack.folder / "__main__.py").read_text(), "")
    assert "[secret]" in said
    ciphers = stack.resource("inside")["outputs"]
    assert set(ciphers["metadata"]) >= {"ciphertext"}
    assert ciphers["labels"]["b"] == "open"


SECRET_KEY = "hushkey-1a2b3c"


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("code", "message"),
    [(6509, f"Tunnel group label key length is limited to between 1 and 8; key {SECRET_KEY} has 14 characters.")],
)
def test_a_secret_that_ngrok_quotes_is_not_shown(
    new_stack: Callable[..., Stack], emulator: Emulator, code: int, message: str
) -> None:
    emulator.fault(method="POST", status=400, error_code=code, message=message)
    stack = new_stack(
        f'TunnelGroupBackend("web", labels=pulumi.Output.secret({{"{SECRET_KEY}": "{SECRET}"}}), description="Public")'
    )
    said = stack.up(fails=True).text
    assert f"ERR_NGROK_{code}" in said
    for piece in (SECRET, SECRET[:12], SECRET_KEY):
        assert piece not in said


@pytest.mark.nightly
def test_a_look_up_by_secrets_shows_neither_them_nor_other_labels(
    new_stack: Callable[..., Stack], emulator: Emulator
) -> None:
    emulator.account(KEY).create({"labels": {"theirs": "hush-theirs"}})
    stack = new_stack("")
    for arguments in (
        f'labels={{"{SECRET_KEY}": "{SECRET}"}}',
        f'id="bkdtg_{SECRET_KEY[:7]}"',
        f'id="{SECRET}"',
        rf'id="{SECRET}\n{SECRET}"',  # which a message shows as repr writes it
    ):
        name, _, value = arguments.partition("=")
        stack.program(
            "import pulumi_ngrok_tg\n"
            f"pulumi_ngrok_tg.get_tunnel_group_backend_output({name}=pulumi.Output.secret({value}))"
        )
        said = stack.preview("--debug", fails=True).text
        assert "get_tunnel_group_backend: " in said
        ours = [line for line in said.splitlines() if "/backends/tunnel_group" in line or "get_tunnel_group" in line]
        assert "hush" not in "\n".join(ours)
