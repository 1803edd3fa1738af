"""The result -> one self-contained HTML page, in the look of the report page. Needs jinja2: control node only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .checks import FAILED
from .result import verdict
from .subject import Kind

TEMPLATE = "page.html.j2"


def render(result: dict[str, Any], directories: Sequence[str]) -> str:
    """The page, everything from outside escaped. `directories` hold page.html.j2 and, further on, page.css.

    Raises jinja2.TemplateError.
    """
    environment = Environment(
        loader=FileSystemLoader(directories),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    numbers = Counter(subject["kind"] for subject in result["subjects"])
    kinds = [(kind.value, numbers[kind.value]) for kind in Kind if numbers[kind.value]]
    # Of each kind those with something red first.
    subjects = sorted(result["subjects"], key=lambda subject: all(it["state"] != FAILED for it in subject["checks"]))
    template = environment.get_template(TEMPLATE)
    return template.render(result=result, subjects=subjects, verdict=verdict(result), kinds=kinds)
