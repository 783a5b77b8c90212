"""Which backends belong to ngrok's Kubernetes operator."""

from typing import Any

import pytest

from pulumi_ngrok_tg.rules.kubernetes import is_operator_owned


@pytest.mark.parametrize(
    ("backend", "owned"),
    [
        ({"labels": {"k8s.ngrok.com/namespace": "x"}}, True),
        ({"labels": {"app": "web", "k8s.ngrok.com/service": "x"}, "metadata": "{}"}, True),
        ({"metadata": '{"owned-by": "ngrok-operator"}'}, True),
        ({"labels": {}, "metadata": '{"owned-by":"kubernetes-ingress-controller","x":1}'}, True),
        ({"metadata": '{"owned-by": "ngrok-ingress-controller"}'}, True),
        ({"labels": {"app": "web"}, "metadata": '{"owned-by": "a later name"}'}, True),
        ({"metadata": '{"owner": "ngrok-operator"}'}, False),
        ({"metadata": '["owned-by", "ngrok-operator"]'}, False),
        ({"metadata": "ngrok-operator"}, False),
        ({"metadata": "[" * 100_000}, False),
        ({"metadata": ""}, False),
        ({"metadata": None, "labels": None}, False),
        ({"metadata": 5, "labels": "k8s.ngrok.com/x"}, False),
        ({}, False),
        ({"labels": {"x.k8s.ngrok.com/": "a"}}, False),
    ],
)
def test_its_labels_or_its_metadata_make_a_backend_the_operators(backend: dict[str, Any], owned: bool) -> None:
    assert is_operator_owned(backend) is owned
