"""The HTML: complete, self-contained, and unmoved by names that would like to be markup."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from lxml import html as lxml_html

from module_utils.report.view import BadFile
from tests.unit.report import pages, samples

SAMPLES = {
    "empty": ([], []),
    "small": samples.small(),
    "large": samples.large(),
    "broken": samples.large(broken=True),
    "hostile": samples.hostile(),
}
CSS = (pages.TEMPLATES / "page.css").read_text()


def tree(name: str) -> lxml_html.HtmlElement:
    return lxml_html.fromstring(pages.text(SAMPLES[name], [BadFile("<b>x</b>.json", "<i>no</i>")]))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_member_is_on_the_page_twice_where_it_runs_and_in_its_cluster(name):
    document = tree(name)
    addresses = {samples.readable(m["address"]) for r in SAMPLES[name][0] for m in r["members"]}
    assert addresses == set(document.xpath("//*[@data-member != '']/@data-member")) & addresses
    assert addresses <= set(document.xpath("//tr/@data-row"))


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_asked_of_anybody(name):
    document = tree(name)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert not document.xpath("//script | //img | //link | //iframe | //object | //form | //@style | //@src")
    assert not [name for name in document.xpath("//@*/..") for name in name.attrib if name.startswith("on")]
    assert all(target.startswith("#") for target in document.xpath("//@href"))
    assert len(document.xpath("//style")) == 1
    assert not re.search(r"url\(|@import|https?:", CSS)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_link_has_its_target_and_every_id_is_one(name):
    document = tree(name)
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in document.xpath("//@href")} <= set(ids)


def test_hostile_names_stay_text():
    shown = tree("hostile").text_content()
    for kind, text in samples.HOSTILE.items():
        assert samples.readable(text) in shown, kind


def test_headings_lead_down_one_step_at_a_time():
    levels = [int(tag.tag[1]) for tag in tree("broken").xpath("//h1|//h2|//h3|//h4")]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_states_are_said_in_words():
    document = tree("broken")
    for seat in document.xpath("//li[@data-member]"):
        words = seat.xpath("./span[contains(@class, 'is-')]")[0].text_content()
        assert words in ("ok", "failed", "no answer", "no longer planned", "not verified")


def test_the_same_results_give_the_same_page():
    results, hosts = samples.large(broken=True)
    assert pages.text((results, hosts)) == pages.text((results[::-1], hosts))


def colours(scheme: int) -> dict[str, str]:
    """The custom properties of the light (0) or dark (1) scheme."""
    block = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[scheme]
    return dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6});", block))


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    low, high = sorted(
        sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


def oklab(colour: str) -> tuple[float, ...]:
    """https://bottosson.github.io/posts/oklab/"""
    to_lms = ((0.41222, 0.53633, 0.05145), (0.21190, 0.68070, 0.10740), (0.08830, 0.28172, 0.62998))
    to_lab = ((0.21045, 0.79362, -0.00407), (1.97800, -2.42859, 0.45059), (0.02590, 0.78277, -0.80868))
    lms = [sum(w * p for w, p in zip(row, linear(colour), strict=True)) ** (1 / 3) for row in to_lms]
    return tuple(sum(w * p for w, p in zip(row, lms, strict=True)) for row in to_lab)


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_has_contrast_4_5_and_marks_3(scheme):
    found = colours(scheme)
    for name in ("ink", "muted", "good", "bad", "warn"):
        assert contrast(found[name], found["ground"]) >= 4.5, name
    assert contrast(found["ink"], found["wash"]) >= 4.5
    for number in range(1, 13):
        assert contrast(found[f"c{number}"], found["ground"]) >= 3, number


@pytest.mark.parametrize("scheme", [0, 1])
def test_cluster_colours_can_be_told_apart(scheme):
    found = colours(scheme)
    for one, other in itertools.combinations(range(1, 13), 2):
        assert math.dist(oklab(found[f"c{one}"]), oklab(found[f"c{other}"])) > 0.08, (one, other)
