"""docs/tour.md is run as it is written, in a checkout of its own on a lab of its own."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.lab.world import ROOTS, World
from tools.tour import PAGE, differences, shell, steps


def test_each_command_prints_what_the_page_says(labs: Callable[[str], World]) -> None:
    # Where the next run finds and removes what a killed one left.
    checkout = ROOTS / str(os.getpid()) / "tour"
    found = []
    with shell(checkout) as bash:
        for step in steps(PAGE.read_text()):
            found.append(differences(step, bash.run(step.command)))
    assert not any(found), "\n".join([*filter(None, found), "python -m tools.tour --write makes the page anew."])
