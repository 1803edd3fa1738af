"""The page's model -> one HTML text, by the template and style sheet that lie in one directory."""

from __future__ import annotations

from datetime import datetime
from unicodedata import east_asian_width

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .view import Page

TEMPLATE = "page.html.j2"
# What HTML cannot say (NUL), and what turns the text around it: an override reaches beyond the element that holds it.
UNSEEN = dict.fromkeys([0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


def render(page: Page, templates: str) -> str:
    """The page as HTML, with everything that came from outside escaped.

    `templates` is the directory of page.html.j2 and page.css. Raises jinja2.TemplateError (not found, does not parse).
    """
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(iso=_iso, moment=_moment, breadth=_breadth)
    return environment.get_template(TEMPLATE).render(page=page).translate(UNSEEN)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(moment: datetime) -> str:
    """`21 Nov 2026, 02:44 UTC`, whatever the locale."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day} {months[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"


def _breadth(text: str) -> int:
    """How many columns the text takes, Chinese characters two each: what is short enough is kept in one piece."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
