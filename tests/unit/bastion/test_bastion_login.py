"""A bastion's configuration and its refusals, as OpenSSH itself reads and says them; no host is contacted."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from module_utils.bastion.jump import Jump, configuration, owner, parse_jump
from module_utils.bastion.login import open_connection
from module_utils.bastion.words import sentence

SERVER_ID = "0b1f7a52-6d0c-4a3e-9a53-3b8a8f1f2a10"


@pytest.mark.parametrize(
    ("text", "jump"),
    [
        ("203.0.113.7", ("", "203.0.113.7", "")),
        ("jump@203.0.113.7", ("jump", "203.0.113.7", "")),
        ("jump@bastion.example.com:2222", ("jump", "bastion.example.com", "2222")),
        ("[2001:db8::7]:22", ("", "2001:db8::7", "22")),
    ],
)
def test_a_jump_is_read_as_ssh_reads_it(text: str, jump: tuple[str, str, str]) -> None:
    assert parse_jump(text) == Jump(text, *jump)


@pytest.mark.parametrize("text", ["", "-oProxyCommand=x", "a,b", "a b", "user@", "../x", "a:b", "none/x"])
def test_what_is_no_single_hop_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no bastion"):
        parse_jump(text)


def options(directory: Path, jump: Jump, server_id: str) -> dict[str, str]:
    """What `ssh -G` makes of the configuration: option -> value."""
    config = directory / "config"
    config.write_text(configuration(jump, server_id, directory / "known hosts"))
    argv = ["ssh", "-G", "-F", str(config), jump.host]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)


def test_a_server_of_the_cloud_must_show_the_keys_known_under_its_id(tmp_path: Path) -> None:
    found = options(tmp_path, parse_jump("jump@203.0.113.7"), SERVER_ID)
    assert found["hostkeyalias"] == SERVER_ID
    assert found["userknownhostsfile"] == str(tmp_path / "known hosts")
    assert found["stricthostkeychecking"] == "true"
    assert (found["passwordauthentication"], found["kbdinteractiveauthentication"]) == ("no", "no")


def test_any_other_bastion_must_be_in_the_users_own_known_hosts(tmp_path: Path) -> None:
    found = options(tmp_path, parse_jump("203.0.113.7"), "")
    assert "hostkeyalias" not in found
    home = pwd.getpwuid(os.getuid()).pw_dir  # ssh asks nobody for HOME
    assert found["userknownhostsfile"].startswith(f"{home}/.ssh")
    assert found["stricthostkeychecking"] == "true"


def test_another_server_at_the_address_has_another_connection(tmp_path: Path) -> None:
    jump = parse_jump("203.0.113.7")
    assert len({options(tmp_path, jump, server_id)["controlpath"] for server_id in ("", SERVER_ID, "other")}) == 3


def test_the_bastions_server_is_the_only_one_at_its_address() -> None:
    jump = parse_jump("jump@203.0.113.7")
    bastion = {"id": SERVER_ID, "name": "bastion", "addresses": ["10.0.0.4", "203.0.113.7"]}
    other = {"id": "other", "name": "other", "addresses": ["10.0.0.5"]}
    assert owner(jump, [other, bastion])["id"] == SERVER_ID
    assert owner(jump, [other])["id"] == ""
    assert owner(jump, [bastion, other | {"addresses": ["203.0.113.7"]}])["id"] == ""


def test_nobody_at_the_address_is_said_in_a_sentence(tmp_path: Path) -> None:
    jump = parse_jump("jump@127.0.0.1:1")
    config = tmp_path / "config"
    config.write_text(configuration(jump, "", tmp_path / "known_hosts"))
    said = open_connection(jump, config, "Jump-pass-1")
    told = sentence(jump.text, "", "known_hosts", said, password=True)
    assert told.startswith("Bastion jump@127.0.0.1:1 cannot be reached: ssh: connect to host 127.0.0.1 port 1: ")
    assert "Start it" in told


@pytest.mark.parametrize(
    ("said", "server_id", "words"),
    [
        ("@@@@\nHost key verification failed.", SERVER_ID, f"remove the lines of {SERVER_ID} in known_hosts"),
        ("No ED25519 host key is known for x.\nHost key verification failed.", "", "neither a console log"),
        ("jump@x: Permission denied (publickey,password).", SERVER_ID, "with every key and the password"),
        ("", "", "cannot be reached: ssh says nothing"),
    ],
)
def test_every_refusal_has_its_sentence(said: str, server_id: str, words: str) -> None:
    assert words in sentence("jump@x", server_id, "known_hosts", said, password=True)
