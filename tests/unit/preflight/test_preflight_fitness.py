"""What a host must have, and what a login showed."""

from __future__ import annotations

import pytest
from ansible.module_utils.preflight import fitness, login, packages
from ansible.module_utils.preflight.checks import FAILED, OK, UNTRIED, Check, sentences

TIMED_OUT = "Failed to connect to the host via ssh: ssh: connect to host 10.0.0.1 port 22: Connection timed out"
DENIED = "Failed to connect to the host via ssh: root@10.0.0.1: Permission denied (publickey,password)."
STRANGE = "Using a SSH password instead of a key is not possible because Host Key checking is enabled."


def test_enough_is_green_and_too_little_a_sentence():
    assert fitness.disk("/home", 512, 512).state == fitness.memory(900, 900).state == OK
    assert fitness.disk("/home", 511, 512).said == "/home has 511 MiB free, 512 are needed"
    assert fitness.memory(899, 900).way_out == "Choose a larger flavor."


@pytest.mark.parametrize(("offset", "side"), [(400, "ahead of"), (-400, "behind")])
def test_a_wrong_clock(offset, side):
    assert f"its clock is 400 s {side} the control node's, more than 300" in fitness.clock(offset, 300).said
    assert fitness.clock(300, 300).state == OK


def test_a_port_is_free_taken_or_its_members():
    assert fitness.port(5701, "", member=False).state == OK
    assert fitness.port(5701, "", member=True).said == "5701: its member runs"
    assert fitness.port(5701, "nginx (process 7)", member=False).said == "port 5701 is taken by nginx (process 7)"


def test_troubles_are_sentences_with_their_ways_out():
    checks = [Check("a", FAILED, "it is old.", "Renew it."), Check("b", OK, "fine"), Check("c", FAILED, "/x is", "Go.")]
    assert sentences(checks) == "It is old. Renew it. /x is. Go."


@pytest.mark.parametrize(
    ("said", "status", "unknown_key", "expected"),
    [
        (TIMED_OUT, "ACTIVE", "", "TCP 22 of 10.0.0.1 does not answer"),
        (TIMED_OUT, "SHUTOFF", "", "the server is SHUTOFF"),
        ("The raw action failed to execute in the expected time frame (60)", "ACTIVE", "", "does not answer"),
        ("ssh: connect to host 10.0.0.1 port 22: Connection refused", "ACTIVE", "", "refuses connections"),
        (DENIED, "ACTIVE", "", "lets nobody in with the final or the bootstrap password"),
        (DENIED, "ACTIVE", "the console is empty", "lets nobody in"),
        (STRANGE, "ACTIVE", "", "does not show the SSH host key known for it"),
        (STRANGE, "ACTIVE", "its log holds none", "no SSH host key of it is known: its log holds none"),
        ("something new\nat the end", "", "", "at the end"),
        ("", "", "", "the login ended without a word"),
    ],
)
def test_a_login_that_ended_is_told_apart(said, status, unknown_key, expected):
    check = login.refused("10.0.0.1", said, status=status, unknown_key=unknown_key, groups=["web"])
    assert check.state == FAILED and expected in check.said and check.way_out


@pytest.mark.parametrize(("version", "state"), [("3.9.2", OK), ("3.13.0", OK), ("3.8.20", FAILED), ("", FAILED)])
def test_python_must_be_new_enough(version, state):
    assert login.python(version).state == state


APT = """\
'http://deb.example/debian/dists/bullseye/InRelease' deb.example_dists_bullseye_InRelease 0
'http://deb.example/debian/dists/bullseye/main/binary-amd64/Packages.xz' deb.example_Packages 0
'https://more.example/dists/x/InRelease' more.example_InRelease 0
"""


def test_apt_says_where_it_asks_and_through_what():
    assert packages.apt_indexes(APT) == [
        "http://deb.example/debian/dists/bullseye/InRelease",
        "https://more.example/dists/x/InRelease",
    ]
    assert packages.apt_proxy('Acquire "";\nAcquire::http::Proxy "http://proxy:3142";\n') == "http://proxy:3142"
    assert packages.apt_proxy('Acquire::http::Proxy "DIRECT";') == packages.apt_proxy("") == ""


REPOSITORIES = """\
[base]
baseurl=https://repo.example/$releasever/os/$basearch/
        https://second.example/
[off]
enabled=0
baseurl=https://off.example/
[lists]
mirrorlist=https://lists.example/?arch=${basearch}
[unknown]
baseurl=https://unknown.example/$product
"""


def test_dnf_says_where_it_asks():
    assert packages.dnf_indexes([REPOSITORIES, "no ini ["], {"releasever": "2.0", "basearch": "aarch64"}) == [
        "https://repo.example/2.0/os/aarch64/repodata/repomd.xml",
        "https://lists.example/?arch=aarch64",
    ]


def test_a_silent_source_is_trouble_only_where_packages_are_needed():
    answers = {"http://a": "", "http://b": "no answer within 5 s"}
    assert packages.judge(answers, None).said == "http://b: no answer within 5 s"
    assert packages.judge(answers, "all is there").state == UNTRIED
    assert packages.judge({"http://a": ""}, None).state == OK
    assert packages.judge({}, None).said == "no package source is configured"
