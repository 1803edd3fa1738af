"""The page's model -> one HTML text, by the template and style sheet that lie in one directory."""

from __future__ import annotations

from datetime import datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .view import Page

TEMPLATE = "page.html.j2"


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
    environment.filters.update(iso=_iso, moment=_moment)
    # HTML has no way to say NUL: parsers drop it or replace it, each as it likes.
    return environment.get_template(TEMPLATE).render(page=page).replace("\0", "\ufffd")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(moment: datetime) -> str:
    """`21 Nov 2026, 02:44 UTC`, whatever the locale."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{moment.day} {months[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"
