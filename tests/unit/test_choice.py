"""What an import takes, and what it says of the rest."""

import re
import shlex

from pulumi_ngrok_tg.api.models import Backend
from pulumi_ngrok_tg.cli.choice import chosen
from pulumi_ngrok_tg.cli.managers import Manager


def test_the_command_to_let_go_of_a_backend_elsewhere_is_one_that_a_shell_takes() -> None:
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/ngrok:TunnelGroupBackend::it's"
    manager = Manager("other-stack", "organization/shop/dev", "it's", urn)
    choice = chosen([Backend("bkdtg_1", "", "")], {"bkdtg_1": manager}, {}, (), ())
    assert choice.taken == []
    (command,) = re.findall(r"let go of it there first: (.*)", choice.left_out["bkdtg_1"])
    assert shlex.split(command) == ["pulumi", "state", "delete", urn, "--stack", "organization/shop/dev"]
