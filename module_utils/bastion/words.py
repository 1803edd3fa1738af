"""What ssh says when a bastion does not let it in, as one sentence with the way out."""

from __future__ import annotations

CHANGED_KEY = (
    "Bastion {bastion} does not show the SSH host key that its console log shows. If its keys were made anew, remove"
    " the lines of {server_id} in {known_hosts} and run again. Otherwise somebody stands in between; nobody logged in."
)
UNKNOWN_KEY = (
    "Bastion {bastion} shows an SSH host key that neither a console log of the inventory's servers nor"
    " ~/.ssh/known_hosts has. Compare it with one you were told (ssh-keyscan, ssh-keygen -lf), add it there, and run"
    " again."
)
REFUSED = (
    "Bastion {bastion} refuses the login with {tried}. Load the key it knows into the SSH agent (ssh-add), or export"
    " its password as ECS_BASTION_PASSWORD (vault_bastion_password), and run again."
)
SILENT = (
    "Bastion {bastion} cannot be reached: {said}. Start it, or let this machine in at its SSH port (security group,"
    " address in its servers' bastion tag), and run again."
)


def sentence(bastion: str, server_id: str, known_hosts: str, said: str, *, password: bool) -> str:
    """`said` is all that ssh printed; its last line tells most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    values = {
        "bastion": bastion,
        "server_id": server_id,
        "known_hosts": known_hosts,
        "said": lines[-1].rstrip(".") if lines else "ssh says nothing",
        "tried": "every key and the password" if password else "every key",
    }
    if "Host key verification failed" in said:
        return (CHANGED_KEY if server_id else UNKNOWN_KEY).format(**values)
    if "Permission denied" in said:
        return REFUSED.format(**values)
    return SILENT.format(**values)
