"""Filters: what is asked never excludes what is meant, and what is answered is checked exactly."""

import pytest
from ansible.module_utils.huaweicloud.errors import ConfigurationError
from ansible.module_utils.huaweicloud.filters import parse_filter
from ansible.module_utils.huaweicloud.servers import parse_server
from fake_cloud import server


def made(number=1, **fields):
    return parse_server(server(number, **fields), "test-1", "p")


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ({}, ()),
        ({"name": "web-1"}, (("name", "web-1"),)),
        ({"name": "web-*"}, ()),
        ({"name": "a(b"}, ()),
        ({"name": ["a", "b"]}, ()),
        ({"status": "active"}, (("status", "ACTIVE"),)),
        ({"ip": "10.0.0.1"}, (("ip_eq", "10.0.0.1"),)),
        ({"ip": "121.36.10.20"}, ()),
        ({"ip": "10.0.0.*"}, ()),
        ({"flavor": "c7.large.2"}, (("flavor", "c7.large.2"),)),
        ({"enterprise_project_id": 0}, (("enterprise_project_id", "0"),)),
        ({"tags": {"env": "prod", "tier": ["a", "b"], "alone": None}}, (("tags", "env=prod"),)),
        ({"not_tags": ["old"]}, (("not-tags", "old"),)),
        ({"not_tags": "old"}, (("not-tags", "old"),)),
        ({"not_tags": {"old": "yes"}}, ()),
        ({"not_tags": ["a", "b"]}, ()),
    ],
)
def test_what_the_api_is_asked(raw, sent):
    assert parse_filter(raw, "filters").query() == sent


@pytest.mark.parametrize(
    ("raw", "fits"),
    [
        ({"name": "web-1"}, True),
        ({"name": "web"}, False),
        ({"name": "web.1"}, False),
        ({"name": "WEB-1"}, False),
        ({"name": "w*-?"}, True),
        ({"name": ["x", "web-1"]}, True),
        ({"status": "active"}, True),
        ({"status": ["SHUTOFF", "ERROR"]}, False),
        ({"ip": "10.0.0.1"}, True),
        ({"ip": "10.0.0.*"}, True),
        ({"ip": "10.0.0"}, False),
        ({"flavor": "c7.large.4"}, False),
        ({"enterprise_project_id": "0"}, True),
        ({"enterprise_project_id": "all_granted_eps"}, True),
        ({"enterprise_project_id": "other"}, False),
        ({"tags": {"env": "test"}}, True),
        ({"tags": {"env": ["prod", "test"]}}, True),
        ({"tags": {"env": ""}}, True),
        ({"tags": {"env": "test", "more": None}}, False),
        ({"tags": {"number": 7, "flag": True}}, True),
        ({"not_tags": ["gone"]}, True),
        ({"not_tags": ["gone", "env"]}, False),
        ({"not_tags": {"env": "prod"}}, True),
        ({"not_tags": {"env": "test"}}, False),
    ],
)
def test_what_is_accepted(raw, fits):
    it = made(tags=["env=test", "number=7", "flag=true"])
    assert parse_filter(raw, "filters").matches(it) is fits


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("web", r"filters must be a map"),
        ({"names": "x"}, r"filters does not know names"),
        ({"tags": ["a"]}, r"filters.tags must be a map"),
        ({"not_tags": 7}, r"filters.not_tags must be a map"),
    ],
)
def test_mistakes_are_said(raw, words):
    with pytest.raises(ConfigurationError, match=words):
        parse_filter(raw, "filters")


def test_a_server_without_enterprise_project_is_left_to_the_api():
    assert parse_filter({"enterprise_project_id": "7"}, "f").matches(made(enterprise_project_id=None))
