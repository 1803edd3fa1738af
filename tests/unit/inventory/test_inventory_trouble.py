"""Trouble of the lab's API: retried while it passes, an error when it lasts, never an inventory that looks whole."""

import time

import pytest
from lab_region import LIST, PROJECTS, REGION

PASSING = ["429", "429=1", "500", "503", "reset", "cut-off", "cut-off=0", "wrong-json", "wrong-json={}", "hang"]


@pytest.mark.parametrize("kind", PASSING)
def test_passing_trouble_costs_no_server(lab, ansible, kind):
    """Met at both services."""
    lab.seed(2)
    for route in (LIST, PROJECTS):
        lab.fault(route, kind, times=1)
    assert sorted(ansible.listed(timeout=2)) == ["web-1", "web-2"]
    assert (lab.asked(LIST), lab.asked(PROJECTS)) == (2, 2)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("429", "throttles access key ****0001: The throttling threshold has been reached"),
        ("500", "answered: A system exception occurred. [HTTP 500 Common.0001]"),
        ("503", "answered: Backend unavailable [HTTP 503 APIGW.0202]"),
        ("reset", "could not be reached: the connection was closed"),
        ("cut-off", "The answer was cut off after "),
        ("wrong-json", "is not a JSON object"),
        ("wrong-json={}", "The answer holds no list of servers"),
        ("hang", "did not answer within 1 s"),
        ("latency=1.5", "did not answer within 1 s"),
    ],
)
def test_lasting_trouble_is_an_error(lab, ansible, kind, words):
    lab.seed(2)
    lab.fault(LIST, kind)
    sentence = ansible.failure(timeout=1, retries=1)
    assert sentence.startswith(f"ECS of region {REGION}")
    assert words in sentence
    assert sentence.endswith("(2 tries)")
    lab.wait_for(2, LIST)


@pytest.mark.parametrize("kind", ["500", "cut-off", "429"])
def test_trouble_on_a_later_page_gives_no_servers_at_all(lab, ansible, kind):
    lab.seed(1500)
    lab.fault(LIST, kind, after=1)
    assert ansible.failure(retries=1).endswith("(2 tries)")
    assert lab.asked(LIST) == 3


def test_a_later_page_is_tried_again_alone(lab, ansible):
    lab.seed(1500)
    lab.fault(LIST, "503", after=1, times=1)
    assert len(ansible.listed()) == 1500
    assert lab.asked(LIST) == 3


def test_retry_after_is_waited_for(lab, ansible):
    lab.seed(1)
    lab.fault(LIST, "429=2", times=1)
    begin = time.monotonic()
    assert list(ansible.listed()) == ["web-1"]
    assert time.monotonic() - begin >= 2
    assert lab.asked(LIST) == 2


def test_retry_after_beyond_the_deadline_is_an_error_at_once(lab, ansible):
    lab.fault(LIST, "429=300")
    begin = time.monotonic()
    sentence = ansible.failure()
    assert time.monotonic() - begin < 60
    assert sentence.endswith("(the service asks to wait 300 s, more than is left of 120 s)")
    assert lab.asked(LIST) == 1


def test_the_deadline_holds_for_all_tries_and_pages(lab, ansible):
    lab.seed(1500)
    lab.fault(LIST, "hang", after=1)
    begin = time.monotonic()
    assert "tries within 3 s" in ansible.failure(timeout=1, retries=50, deadline=3)
    assert time.monotonic() - begin < 20
    assert lab.asked(LIST) <= 5


def test_the_deadline_holds_for_a_login(lab, ansible):
    lab.fault("KeystoneCreateUserTokenByPassword", "hang")
    begin = time.monotonic()
    login = {"iam_domain": lab.account.domain, "iam_user": lab.account.user, "iam_password": lab.account.password}
    assert f"IAM of region {REGION}" in ansible.failure(timeout=1, retries=50, deadline=2, **login)
    assert time.monotonic() - begin < 20


class TestOneRegionFails:
    """`on_region_error`"""

    @pytest.mark.parametrize("kind", ["500", "wrong-json", "ak-locked"])
    def test_fail(self, lab, ansible, kind):
        lab.seed(1)
        lab.seed(1, region="lab-02", name="two")
        lab.fault(f"{LIST}@lab-02", kind)
        sentence = ansible.failure(regions=[REGION, "lab-02"], retries=0)
        assert sentence.startswith("ECS of region lab-02")

    def test_warn_keeps_the_others_and_drops_its_pages(self, lab, ansible):
        lab.seed(1)
        lab.seed(1500, region="lab-02", name="two-{n}")
        lab.fault(f"{LIST}@lab-02", "500", after=1)
        options = {"regions": [REGION, "lab-02"], "retries": 0, "on_region_error": "warn", "cache": True}
        result = ansible.inventory(**options)
        assert result.returncode == 0
        assert '"web-1"' in result.stdout
        assert "two-" not in result.stdout
        assert "[WARNING]: Region lab-02 is missing from the inventory: ECS of region lab-02" in result.stderr
        lab.control.clear_faults()
        assert len(ansible.listed(**options)) == 1501, "an incomplete result is never kept"

    def test_all_failing_is_a_failure(self, lab, ansible):
        lab.fault(LIST, "503")
        sentence = ansible.failure(regions=[REGION, "lab-02"], retries=0, on_region_error="warn")
        assert f"region {REGION}" in sentence
        assert "region lab-02" in sentence
