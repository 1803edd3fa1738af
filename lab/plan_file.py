"""Reads a plan, of which the servers (lab/plan.py) and the networks (lab/topology.py) each take their part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lab.errors import LabError

Part = TypeVar("Part")


def read(path: Path, parse: Callable[[Any], Part]) -> Part:
    """What `parse` makes of the file. Raises LabError naming the file and what is wrong with it."""
    try:
        return parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LabError(f"The plan {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise LabError(f"The plan {path} is not YAML: {' '.join(str(error).split())}.") from error
    except (TypeError, ValueError) as error:
        raise LabError(f"The plan {path} is wrong: {error}.") from error
