"""The report page in a real browser: every member is seen, nothing is asked of anybody, any screen will do."""

from __future__ import annotations

import http.server
import itertools
import threading
from pathlib import Path

import pytest

from module_utils.report.view import BadFile
from tests.browser.chromium import MISSING, Chromium, ChromiumError
from tests.unit.report import pages, samples
from tests.unit.report.test_report_play import play, store

SHOTS = pages.ROOT / "reports" / "screenshots"
PHONE, DESKTOP = 360, 1280
# For each text on the page: is it readable on what lies behind it? (WCAG 2.2, 1.4.3)
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


@pytest.fixture(scope="module")
def browser():
    with Chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Pages by name: what the play makes of many clusters with troubles, and others made from samples."""
    directory = tmp_path_factory.mktemp("pages")
    store(samples.large(broken=True), directory)
    (directory / "reports" / "verify" / "redis" / "cache2.json").write_text("{")
    play(directory)
    found = {"broken": directory / "reports" / "index.html"}
    for name, data in {
        "small": samples.small(),
        "medium": samples.medium(),
        "large": samples.large(),
        "hostile": samples.hostile(),
    }.items():
        found[name] = directory / f"{name}.html"
        found[name].write_text(pages.text(data, [BadFile("<b>x</b>.json", "<i>no</i>")] if name == "hostile" else None))
    return found


def test_every_member_is_seen_where_it_runs_and_in_its_cluster(browser, page):
    browser.open(page["broken"])
    seen = browser.evaluate(
        """[...document.querySelectorAll('li[data-member]')].filter(e => e.checkVisibility()).map(e => [
            e.closest('.region').querySelector('h3').innerText,
            e.closest('.zone').querySelector('h4 bdi').innerText,
            e.closest('.hosts > li').querySelector('.host b').innerText,
            e.dataset.member,
            e.querySelector('.name bdi').innerText,
        ].join(' '))"""
    )
    tables = browser.evaluate(
        """[...document.querySelectorAll('.cluster')].flatMap(cluster => {
            cluster.querySelectorAll('details').forEach(e => e.open = true)
            return [...cluster.querySelectorAll('.members tbody tr')].filter(e => e.checkVisibility()).map(
                e => cluster.querySelector('.name bdi').innerText + ' ' + e.querySelector('th .address').innerText)
        })"""
    )
    results, _hosts = samples.large(broken=True)
    readable = [r for r in results if r["cluster"] != "cache2"]
    for result in readable:
        for member in result["members"]:
            place = f"{member['region']} {member['availability_zone']} {member['host']} {member['address']}"
            assert f"{place} {result['cluster']}" in seen
        for address in result["expected"]:
            assert f"{result['cluster']} {address}" in tables
    assert len(tables) == sum(len(result["expected"]) for result in readable)


@pytest.mark.parametrize("name", ["broken", "small", "hostile"])
def test_the_page_asks_for_itself_only(browser, page, name):
    browser.open(page[name])
    assert browser.requests() == [page[name].as_uri()]
    assert browser.complaints() == []


def test_even_smuggled_markup_could_not_ask(browser, page, listener, tmp_path):
    """The policy holds, and this test would see it if it did not: without the policy the same markup does ask."""
    address, asked = listener
    markup = (
        f'<img src="{address}/img"><link rel="stylesheet" href="{address}/css"><script src="{address}/js"></script>'
        f'<iframe src="{address}/frame"></iframe><style>body {{ background: url({address}/bg) }}</style></body>'
    )
    smuggled = page["small"].read_text().replace("</body>", markup)
    kept, open_page = tmp_path / "kept.html", tmp_path / "open.html"
    kept.write_text(smuggled)
    open_page.write_text(smuggled.replace("Content-Security-Policy", "x-none"))
    browser.open(kept)
    assert asked == []
    browser.open(open_page)
    assert {path.strip("/") for path in asked} >= {"img", "css", "js", "frame", "bg"}
    assert len(browser.requests()) > 1


def test_hostile_names_do_nothing(browser, page):
    browser.open(page["hostile"])
    assert browser.evaluate("window.pwned") is None
    assert browser.evaluate("document.scripts.length") == 0
    names = browser.evaluate("[...document.querySelectorAll('.cluster .name > bdi')].map(e => e.textContent)")
    assert sorted(names) == sorted(samples.readable(text) for text in samples.HOSTILE.values())


@pytest.mark.parametrize(
    ("name", "width"), [*itertools.product(["small", "broken", "hostile"], [320, PHONE, 768, DESKTOP])]
)
def test_nothing_is_wider_than_the_screen(browser, page, name, width):
    browser.open(page[name], width=width)
    browser.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    wide = browser.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()"
        f" && !e.closest('.hidden, .sprite, .skip') && e.getBoundingClientRect().right > {width} + 1)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert wide == []


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_on_its_ground(browser, page, dark):
    browser.open(page["broken"], dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    texts = browser.evaluate(CONTRASTS)
    assert len(texts) > 500
    assert [text for text in texts if text["ratio"] < 4.5] == []
    ground = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(21, 22, 24)" if dark else "rgb(251, 250, 247)")


def test_the_keyboard_reaches_every_link_in_order_and_shows_where_it_is(browser, page):
    browser.open(page["small"])
    wanted = browser.evaluate("document.querySelectorAll('a[href], summary').length")
    reached = []
    for _step in range(wanted):
        for kind in ("keyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        at = browser.evaluate(
            "(e => ({outline: getComputedStyle(e).outlineStyle,"
            " index: [...document.querySelectorAll('a[href], summary')].indexOf(e)}))(document.activeElement)"
        )
        assert at["outline"] == "solid", at
        reached.append(at["index"])
    assert reached == list(range(wanted))


def test_paper_shows_what_is_folded_away_on_screen(browser, page):
    browser.open(page["large"], media="print")
    assert browser.evaluate("document.querySelectorAll('details:not([open])').length") == 12
    heights = browser.evaluate(
        "[...document.querySelectorAll('.members tbody tr')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(heights) == 60
    assert min(heights) > 10
    assert browser.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]


@pytest.mark.parametrize(("name", "dark"), [*itertools.product(["small", "medium", "large", "broken"], [False, True])])
def test_screenshots(browser, page, name, dark):
    """For people: reports/screenshots."""
    for device, width, height in (("phone", PHONE, 740), ("desktop", DESKTOP, 1240)):
        browser.open(page[name], width=width, height=height, dark=dark)
        shot = SHOTS / f"report-{name}-{device}-{'dark' if dark else 'light'}.png"
        browser.screenshot(shot, whole=device == "phone")
        assert shot.read_bytes().startswith(b"\x89PNG")
        assert shot.stat().st_size > 20_000


def test_a_missing_browser_is_a_failure_that_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ChromiumError, match="apt-get install chromium") as caught:
        Chromium()
    assert str(caught.value) == MISSING


@pytest.fixture
def listener():
    """A server on loopback: its address, and the paths it is asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
