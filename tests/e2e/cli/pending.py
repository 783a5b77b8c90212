"""What an interrupted update leaves in a state."""

import json
from pathlib import Path
from typing import Any


def leave_pending(folder: Path, kind: str, project: str = "shop", **changes: Any) -> None:
    """Adds a pending operation to the state of a project's stack: on its one backend, or one that differs."""
    (file,) = (folder / "state").glob(f"**/stacks/{project}/dev.json")
    state = json.loads(file.read_text())
    deployment = state["checkpoint"]["latest"]
    (backend,) = (one for one in deployment["resources"] if one["type"].endswith("TunnelGroupBackend"))
    operation = {"resource": {**backend, **changes}, "type": kind}
    deployment["pending_operations"] = [*(deployment.get("pending_operations") or ()), operation]
    file.write_text(json.dumps(state))
