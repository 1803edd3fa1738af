#!/usr/bin/python
"""Which ports of its peers a host cannot open, tried by opening them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import groupby
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.preflight import listener
from ansible.module_utils.preflight.seats import OPEN, Seat, Wall, wall_check

DOCUMENTATION = r"""
module: peer_ports
short_description: Tries every port of every peer from this host
description:
  - Opens a connection to each port that a member listens on, or that a preflight holds open, and closes it again.
  - A port that does not open is a result, not a failure of this module.
options:
  me: {type: dict, required: true, description: 'This host: the C(seat) that its preflight returned.'}
  peers: {type: list, elements: dict, required: true, description: The seats of the others.}
  timeout: {type: float, default: 2, description: 'Seconds to wait for a connection. All are tried side by side.'}
"""
RETURN = r"""
walls: {type: list, returned: success, description: 'Ports that did not open: C(source), C(target), C(port), C(how).'}
troubles: {type: str, returned: success, description: 'The same as sentences, with the missing rule.'}
"""
WORKERS = 32


def walls(me: Seat, peers: list[Seat], timeout: float) -> list[Wall]:
    places = [(peer, port) for peer in peers for port in (*peer.listening, *peer.running)]

    def attempt(place: tuple[Seat, int]) -> Wall:
        peer, port = place
        how = listener.call(peer.address, port, me.host if port in peer.listening else "", timeout)
        return Wall(me.host, peer.host, port, how)

    with ThreadPoolExecutor(WORKERS) as pool:
        return [wall for wall in pool.map(attempt, places) if wall.how != OPEN]


def sentences(me: Seat, peers: list[Seat], found: list[Wall]) -> str:
    seats = {peer.host: peer for peer in peers}
    return " ".join(
        wall_check(seats[host], [me], [wall.port for wall in group], how).trouble
        for (host, how), group in groupby(found, lambda wall: (wall.target, wall.how))
    )


def seat(given: dict[str, Any]) -> Seat:
    return Seat(**given)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "me": {"type": "dict", "required": True},
            "peers": {"type": "list", "elements": "dict", "required": True},
            "timeout": {"type": "float", "default": 2},
        },
        supports_check_mode=True,
    )
    me, peers = seat(module.params["me"]), [seat(peer) for peer in module.params["peers"]]
    found = walls(me, peers, module.params["timeout"])
    module.exit_json(changed=False, walls=[asdict(wall) for wall in found], troubles=sentences(me, peers, found))


if __name__ == "__main__":
    main()
