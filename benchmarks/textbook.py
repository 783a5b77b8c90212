"""What a user would get instead: a dynamic provider as Pulumi's documentation teaches it, and nothing more."""

PROGRAM = """
import os
import requests
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

URL = os.environ["NGROK_API_BASE_URL"] + "/backends/tunnel_group"
HEADERS = {"Authorization": "Bearer " + os.environ["NGROK_API_KEY"], "Ngrok-Version": "2"}


class Provider(ResourceProvider):
    def create(self, props):
        response = requests.post(URL, headers=HEADERS, json={k: props[k] for k in ("description", "labels")})
        response.raise_for_status()
        return CreateResult(response.json()["id"], {**props, **response.json()})

    def diff(self, id, olds, news):
        return DiffResult(changes=any(olds.get(k) != news[k] for k in ("description", "labels")))

    def read(self, id, props):
        response = requests.get(URL + "/" + id, headers=HEADERS)
        response.raise_for_status()
        return ReadResult(id, {**props, **response.json()})

    def update(self, id, olds, news):
        response = requests.patch(
            URL + "/" + id, headers=HEADERS, json={k: news[k] for k in ("description", "labels")}
        )
        response.raise_for_status()
        return UpdateResult({**news, **response.json()})

    def delete(self, id, props):
        requests.delete(URL + "/" + id, headers=HEADERS).raise_for_status()


class Backend(Resource):
    def __init__(self, name, labels, description, opts=None):
        super().__init__(Provider(), name, {"labels": labels, "description": description}, opts)
"""
