"""Makes the README's pictures of the report page anew: `python -m tests.browser.picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.chromium import Chromium
from tests.unit.report import pages, samples

WIDTH, HEIGHT = 1280, 1150


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, Chromium() as browser:
        page = Path(directory) / "index.html"
        page.write_text(pages.text(samples.medium()))
        for scheme in ("light", "dark"):
            browser.open(page, width=WIDTH, height=HEIGHT, dark=scheme == "dark")
            browser.screenshot(pages.ROOT / "docs" / "images" / f"report-{scheme}.webp", whole=False)


if __name__ == "__main__":
    main()
