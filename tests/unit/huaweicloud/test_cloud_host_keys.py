"""SSH host keys: from consoles as they really look into a known_hosts file that is never half-written."""

import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.console_keys import Wanted, read_keys
from ansible.module_utils.huaweicloud.credentials import AccessKey, StaticKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import ApiError, ConfigurationError
from ansible.module_utils.huaweicloud.host_keys import KnownHosts, appended, conflicts, keys_in_console
from ansible.module_utils.huaweicloud.retry import Limits, RetryPolicy
from fake_cloud import KEY, SECRET, Reply


def key(kind, seed=1):
    name = kind.encode()
    return base64.b64encode(len(name).to_bytes(4, "big") + name + bytes([0, 0, 0, 32]) + bytes([seed] * 32)).decode()


ED, RSA = key("ssh-ed25519"), key("ssh-rsa")
BLOCK = f"""-----BEGIN SSH HOST KEY KEYS-----
ssh-ed25519 {ED} root@web
ssh-rsa {RSA} root@web
-----END SSH HOST KEY KEYS-----
"""
BOTH = {"ssh-ed25519": ED, "ssh-rsa": RSA}
PREFIXED = "".join(f"[   12.345678] cloud-init[512]: {line}\n" for line in BLOCK.splitlines())


@pytest.mark.parametrize(
    ("log", "keys"),
    [
        ("", {}),
        ("login: \n", {}),
        (BLOCK, BOTH),
        ("boot\n" + BLOCK + "login: \n", BOTH),
        (BLOCK.replace("\n", "\r\n"), BOTH),
        (PREFIXED, BOTH),
        (BLOCK.partition("-----END")[0], {}),
        (BLOCK + BLOCK.partition("-----END")[0], {}),
        (BLOCK.replace(ED, key("ssh-ed25519", 9)) + "reinstalled\n" + BLOCK, BOTH),
        (BLOCK.replace(ED, ED[:20] + "[ 13.1] eth0 up\n" + ED[20:]), {"ssh-rsa": RSA}),
        (BLOCK.replace(ED, RSA), {"ssh-rsa": RSA}),
        (BLOCK.replace(ED, "AAAA"), {"ssh-rsa": RSA}),
        (BLOCK.replace("ssh-ed25519 ", "ssh-ed25519,* "), {"ssh-rsa": RSA}),
    ],
    ids=range(13),
)
def test_keys_in_a_console_log(log, keys):
    assert keys_in_console(log) == keys


def test_known_hosts_is_private_and_keeps_what_it_had(tmp_path):
    path = tmp_path / "state" / "known_hosts"
    known = KnownHosts(path)
    assert known.keys() == {}
    assert known.add({"id-1": BOTH}) == ["id-1"]
    path.write_text(
        path.read_text() + "# a remark\n@cert-authority * ssh-rsa AAAA\n|1|hash ssh-rsa AAAA\nother,10.0.0.1 ssh-rsa X"
    )
    assert known.add({"id-1": {"ssh-rsa": "other"}, "id-2": {"ssh-rsa": RSA}}) == ["id-2"]
    assert path.read_text().startswith(f"id-1 ssh-ed25519 {ED}\nid-1 ssh-rsa {RSA}\n# a remark\n")
    assert path.read_text().endswith(f"other,10.0.0.1 ssh-rsa X\nid-2 ssh-rsa {RSA}\n")
    assert known.keys()["10.0.0.1"] == {"ssh-rsa": "X"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [it.name for it in path.parent.iterdir()] == ["known_hosts"]


def test_writers_side_by_side_lose_nothing(tmp_path):
    path = tmp_path / "known_hosts"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: KnownHosts(path).add({f"id-{number}": BOTH}), range(40)))
    assert len(KnownHosts(path).keys()) == 40


def test_conflicts_are_other_keys_of_the_same_type():
    known = {"a": BOTH, "b": {"ssh-rsa": RSA}}
    assert conflicts(known, {"a": BOTH, "b": {"ssh-ed25519": ED}, "c": BOTH}) == []
    assert conflicts(known, {"a": {"ssh-rsa": "other"}}) == ["a"]


def test_appended_to_a_file_without_a_last_newline():
    assert appended("x y z", {"id": {"ssh-rsa": "K"}}) == "x y z\nid ssh-rsa K\n"


@pytest.mark.parametrize("name", ["", "*", "a b", "a,b", "a\nb", "@cert-authority", "|1|x", "-x"])
def test_a_name_that_is_no_id_is_never_written(tmp_path, name):
    with pytest.raises(ConfigurationError, match="is not a server id"):
        KnownHosts(tmp_path / "known_hosts").add({name: BOTH})
    assert not (tmp_path / "known_hosts").exists()


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def read(cloud, timeout, on_sleep=lambda: None):
    clock = Clock()

    def sleep(seconds):
        clock.sleep(seconds)
        on_sleep()

    client = CloudClient(
        StaticKey(AccessKey(KEY, SECRET)), Endpoints({"ecs": cloud.url}), limits=Limits(RetryPolicy(0), 5)
    )
    servers = [Wanted("id-1", "web", "test-1", "project-test-1")]
    return read_keys(client, servers, timeout, clock=clock, sleep=sleep), clock.now


def test_keys_that_come_late_are_waited_for(cloud):
    (seen, missing), waited = read(cloud, 60, on_sleep=lambda: cloud.consoles.update({"id-1": BLOCK}))
    assert (seen, missing) == ({"id-1": BOTH}, [])
    assert 0 < waited < 10
    assert cloud.seen[0].query == [("length", "-1")]


def test_waiting_ends(cloud):
    (seen, missing), waited = read(cloud, 30)
    assert seen == {}
    assert [(it.name, reason) for it, reason in missing] == [("web", "its console log holds no SSH host keys")]
    assert 25 <= waited <= 30


def test_a_server_the_api_does_not_know_is_missing_with_the_reason(cloud):
    cloud.trouble = lambda seen: Reply(404, {"error": {"code": "Ecs.0114", "message": "no such server"}})
    (_, missing), _ = read(cloud, 1)
    assert "no such server" in missing[0][1]


def test_a_refused_key_is_an_error(cloud):
    cloud.keys.clear()
    with pytest.raises(ApiError, match=r"refused access key \*\*\*\*WXYZ"):
        read(cloud, 60)
