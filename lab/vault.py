"""What the user of a region chooses and the region never knows: root's passwords and a key pair for logging in."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from lab import passwords
from lab.errors import LabError
from lab.region import codec
from lab.shell import run
from lab.workspace import Workspace


@dataclass(frozen=True)
class Secrets:
    """`bootstrap_password` is in the servers' user-data, `root_password` what the toolkit sets afterwards."""

    bootstrap_password: str
    root_password: str


def ensure(workspace: Workspace) -> Secrets:
    """Read the lab's secrets, or make them once (mode 0600)."""
    if not workspace.secrets.exists():
        # "{{" is legal in a password and means something to Ansible: a lab's password always has it.
        made = Secrets(passwords.generate(), passwords.generate(containing="{{"))
        codec.write_private(workspace.secrets, (json.dumps(dataclasses.asdict(made), indent=2) + "\n").encode())
    return load(workspace)


def load(workspace: Workspace) -> Secrets:
    """Raises LabError when there is no lab, or its file is damaged."""
    try:
        return codec.from_json(Secrets, json.loads(workspace.secrets.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise LabError("The lab is not up: run `lab up`.") from None
    except (TypeError, ValueError) as error:
        raise LabError(f"{workspace.secrets} is damaged ({error}): run `lab down` and `lab up`.") from error


def ensure_key(workspace: Workspace) -> str:
    """Make the lab's own key pair if there is none; returns the public key as one authorized_keys line."""
    if not workspace.private_key.exists():
        comment = f"ecs-cluster-kit lab {workspace.id}"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(workspace.private_key)])
    return workspace.private_key.with_suffix(".pub").read_text(encoding="ascii").strip()
