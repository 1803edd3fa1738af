"""Makes the project's module_utils importable the way its modules import them."""

from __future__ import annotations

import ansible.module_utils

from tests.unit.hazelcast.places import ROOT

if (folder := str(ROOT / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)
