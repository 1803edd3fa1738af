"""When to try again and how long to wait, without a clock: times and sleeps are handed in."""

import random

import pytest
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import AnswerError, ApiError, ConfigurationError, TransportError
from ansible.module_utils.huaweicloud.retry import Deadline, RetryPolicy, with_retries


class Clock:
    """A clock that runs only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.sleeps = []

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


def failing_with(error, *, seed=1, retries=5, deadline=120.0):
    """The clock after an action that always fails, and the note of the error that came out."""
    clock = Clock()

    def action():
        raise error

    with pytest.raises(type(error)) as caught:
        with_retries(
            action,
            RetryPolicy(retries),
            Deadline(deadline, lambda: clock.now),
            sleep=clock.sleep,
            rng=random.Random(seed),
        )
    return clock, caught.value.note


def busy(retry_after=None):
    return ApiError(503, "", "busy", retry_after=retry_after)


def test_waits_grow_and_are_jittered():
    clock, note = failing_with(busy(), retries=12, deadline=1000)
    bounds = [min(30.0, 0.4 * 2**number) for number in range(12)]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(clock.sleeps, bounds, strict=True))
    assert note == "13 tries"
    others = [failing_with(busy(), seed=seed)[0].sleeps for seed in range(20)]
    assert len({tuple(waits) for waits in others}) == 20, "no two clients ask again in step"


def test_retry_after_is_the_least_wait():
    clock, _ = failing_with(busy(retry_after=7), retries=2)
    assert clock.sleeps == [7, 7]


def test_the_deadline_ends_it():
    clock, note = failing_with(busy(), retries=100, deadline=10)
    assert sum(clock.sleeps) <= 10
    assert note.endswith("tries within 10 s")
    clock, note = failing_with(busy(retry_after=11), retries=100, deadline=10)
    assert clock.sleeps == []
    assert note == "the service asks to wait 11 s, more than is left of 10 s"


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ApiError(400, "Ecs.0005", "no"), 1),
        (ApiError(401, "", "no"), 1),
        (ApiError(403, "", "no"), 1),
        (ApiError(404, "", "no"), 1),
        (ConfigurationError("no"), 1),
        (ApiError(400, "APIGW.0308", "throttled"), 6),
        (ApiError(429, "", "throttled"), 6),
        (ApiError(502, "", "bad gateway"), 6),
        (AnswerError("no list"), 6),
        (TransportError("cut off"), 6),
        (TransportError("refused", reached=False), 3),
    ],
)
def test_what_is_tried_again(error, tries):
    clock, _ = failing_with(error)
    assert len(clock.sleeps) == tries - 1


@pytest.mark.parametrize(
    ("service", "region", "overrides", "url"),
    [
        ("ecs", "cn-north-4", {}, "https://ecs.cn-north-4.myhuaweicloud.com"),
        ("iam", "cn-north-4", {}, "https://iam.myhuaweicloud.com"),
        ("ecs", "eu-west-101", {}, "https://ecs.eu-west-101.myhuaweicloud.eu"),
        ("iam", "eu-west-101", {}, "https://iam.eu-west-101.myhuaweicloud.eu"),
        ("metadata", "", {}, "http://169.254.169.254"),
        ("ecs", "r-1", {"ecs": "https://ecs.{region}.example.com:8443/"}, "https://ecs.r-1.example.com:8443"),
        ("ecs", "r-1", {"ecs": "ecs-{region}.example.com"}, "https://ecs-r-1.example.com"),
    ],
)
def test_where_services_live(service, region, overrides, url):
    assert Endpoints(overrides).url(service, region) == url
