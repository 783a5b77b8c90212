"""Draws who uses what as a Mermaid flowchart: edges, the backends between, tunnel group backends, tunnels."""

from collections.abc import Iterator, Sequence

from pulumi_ngrok_tg.api.models import Backend, Tunnel
from pulumi_ngrok_tg.api.redaction import escape
from pulumi_ngrok_tg.rules.reference_index import ReferenceIndex, Step, name_referrer
from pulumi_ngrok_tg.rules.wording import join_labels

_SPECIAL = str.maketrans({char: f"#{ord(char)};" for char in '#"<>&`\\'})


def draw(
    backends: Sequence[Backend], index: ReferenceIndex, serving_now: Sequence[tuple[Tunnel, list[str]]]
) -> Iterator[str]:
    """Yield the lines of a flowchart (https://mermaid.js.org), which GitHub and GitLab show as a picture.

    Args:
        backends: the backends to draw, with everything that leads to them.
        index: what refers to backends.
        serving_now: the tunnels to draw, each with the ids of the backends that it serves.
    """
    numbers: dict[str, str] = {}

    def refer(id_: str) -> str:
        return numbers.setdefault(id_, f"n{len(numbers)}")

    yield "flowchart LR"
    for backend in backends:
        yield f"  {refer(backend.id)}[{_quote(join_labels(backend.labels) or 'no labels', backend.id)}]"
    for referrer in {step.referrer.id: step.referrer for step in _find_steps(backends, index)}.values():
        yield f"  {refer(referrer.id)}([{_quote(name_referrer(referrer))}])"
    for step in _find_steps(backends, index):
        where = f"|{_quote(step.target.where)}|" if step.target.where else ""
        yield f"  {refer(step.referrer.id)} {'-->' if step.target.enabled else '-.->'}{where} {refer(step.target.id)}"
    drawn = {backend.id for backend in backends}
    for tunnel, ids in serving_now:
        for id_ in filter(drawn.__contains__, ids):
            yield f"  {refer(id_)} --> {refer(tunnel.id)}[/{_quote(tunnel.forwards_to, tunnel.id)}/]"
    if index.unlisted:
        yield f"  unknown[{_quote('Not all lists could be read: more may refer to these backends')}]"


def _find_steps(backends: Sequence[Backend], index: ReferenceIndex) -> Iterator[Step]:
    """Yield each reference that leads to one of the backends, directly or not."""
    waiting = [backend.id for backend in backends]
    seen = set(waiting)
    for id_ in waiting:
        for step in index.find_steps(id_):
            yield step
            if step.referrer.id not in seen:
                seen.add(step.referrer.id)
                waiting.append(step.referrer.id)


def _quote(*lines: str) -> str:
    """Return lines as the text of a node, whatever they hold."""
    return '"' + "<br>".join(escape(line).translate(_SPECIAL) for line in lines) + '"'
