"""The action plugin of root_password: in which order credentials are tried, and what each way to fail says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

PATH = Path(__file__).resolve().parents[3] / "roles/root_password/action_plugins/shadow_password.py"
spec = importlib.util.spec_from_file_location("shadow_password_action", PATH)
assert spec and spec.loader
action = importlib.util.module_from_spec(spec)
spec.loader.exec_module(action)

REFUSED = AnsibleConnectionFailure(
    "Failed to connect to the host via ssh: root@h: Permission denied (publickey,password)."
)
UNSAID = AnsibleConnectionFailure(
    "Data could not be sent to remote host '10.0.0.5'. Make sure this host can be reached over SSH."
)
FINAL, BOOTSTRAP = "Final-1x", "Boot-1x"


class Sshd:
    """A server as ssh and the module see it: who is let in, and what its password is. Stands for a network."""

    transport = "ssh"
    _shell = SimpleNamespace(tmpdir="")

    def __init__(self, password: str, *, key: bool = False, passwords_allowed: bool = True) -> None:
        self.password, self.key, self.passwords_allowed = password, key, passwords_allowed
        self.options: dict[str, Any] = {
            "remote_user": "root",
            "host": "10.0.0.5",
            "password": FINAL,
            "ssh_args": "-o ControlPersist=10m",
            "reconnection_retries": 2,
        }
        self.logins: list[str] = []
        self.users: list[str] = []
        self.resets = 0
        self.trouble: AnsibleError | None = None
        self.hangs_up_early = False

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value

    def reset(self) -> None:
        self.resets += 1

    def login(self) -> None:
        if self.trouble:
            raise self.trouble
        self.users.append(self.options["remote_user"])
        if self.key and "PubkeyAuthentication=no" not in self.options["ssh_args"]:
            return
        self.logins.append(self.options["password"])
        if not self.passwords_allowed or self.options["password"] != self.password:
            raise REFUSED


class Action(action.ActionModule):
    """The plugin, with the two calls that go over the network answered by an Sshd."""

    def __init__(self, sshd: Sshd, check_mode: bool, **arguments: Any) -> None:
        self._connection = sshd
        self._task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0)
        self._cleanup_remote_tmp = False

    def _execute_module(self, module_args: dict[str, Any], **_: Any) -> dict[str, Any]:
        assert set(module_args) == {"password"}
        try:
            self._connection.login()
        except AnsibleError as error:
            # ssh was gone before it took the module: its words are lost.
            raise (UNSAID if self._connection.hangs_up_early else error) from None
        changed = self._connection.password != module_args["password"]
        if changed and not self._task.check_mode:
            self._connection.password = module_args["password"]
        return {"changed": changed}

    def _low_level_execute_command(self, *_: Any, **__: Any) -> None:
        assert "ControlPath=none" in self._connection.options["ssh_args"] or self._connection.hangs_up_early
        self._connection.login()


def run(sshd: Sshd, check_mode: bool = False, bootstrap: str = BOOTSTRAP) -> dict[str, Any]:
    plugin = Action(sshd, check_mode, password=FINAL, bootstrap_password=bootstrap, prove_login=True)
    result: dict[str, Any] = plugin.run(task_vars={"inventory_hostname": "hz-1"})
    assert FINAL not in str(result)
    assert BOOTSTRAP not in str(result)
    return result


def test_new_server_is_opened_with_the_bootstrap_password_and_proven_with_the_final_one() -> None:
    sshd = Sshd(BOOTSTRAP)
    assert run(sshd) == {"changed": True, "login": "proven"}
    assert (sshd.logins, sshd.resets, sshd.password) == ([FINAL, BOOTSTRAP, FINAL], 1, FINAL)


def test_converged_server_is_only_asked_and_proven() -> None:
    sshd = Sshd(FINAL)
    assert run(sshd) == {"changed": False, "login": "proven"}
    assert (sshd.logins, sshd.resets) == ([FINAL, FINAL], 0)


def test_check_mode_foretells_and_keeps_the_connection() -> None:
    sshd = Sshd(BOOTSTRAP)
    assert run(sshd, check_mode=True) == {"changed": True}
    assert (sshd.password, sshd.resets) == (BOOTSTRAP, 0)


def test_with_a_key_the_password_is_proven_all_the_same() -> None:
    sshd = Sshd("whatever", key=True)
    assert run(sshd) == {"changed": True, "login": "proven"}
    assert sshd.logins == [FINAL]


def test_sshd_without_passwords_fails_the_proof_and_says_how_to_go_on() -> None:
    result = run(Sshd(FINAL, key=True, passwords_allowed=False))
    assert result["failed"]
    assert "hz-1 (10.0.0.5)" in result["msg"]
    assert "root_password_prove_login" in result["msg"]


@pytest.mark.parametrize(("bootstrap", "attempts"), [(BOOTSTRAP, 2), ("", 1), (FINAL, 1)])
def test_no_credential_fits_each_is_tried_once_and_the_message_names_host_and_way_out(
    bootstrap: str, attempts: int
) -> None:
    sshd = Sshd("unknown")
    result = run(sshd, bootstrap=bootstrap)
    assert result["failed"]
    assert len(sshd.logins) == attempts
    for words in ("hz-1 (10.0.0.5)", "ECS_BOOTSTRAP_PASSWORD", "nothing was changed"):
        assert words in result["msg"]


def test_a_refusal_whose_words_are_lost_is_asked_for_again_by_a_login_that_sends_nothing() -> None:
    sshd = Sshd(BOOTSTRAP)
    sshd.hangs_up_early = True
    assert run(sshd) == {"changed": True, "login": "proven"}
    assert sshd.logins == [FINAL, FINAL, BOOTSTRAP, FINAL]


def test_a_server_that_hangs_up_for_another_reason_stays_unreachable() -> None:
    sshd = Sshd(BOOTSTRAP)
    sshd.hangs_up_early, sshd.trouble = True, AnsibleConnectionFailure("No route to host")
    with pytest.raises(AnsibleConnectionFailure, match="Data could not be sent"):
        run(sshd)


@pytest.mark.parametrize(
    "text",
    ["No ED25519 host key is known for x.\r\nHost key verification failed.", "... Host Key checking is enabled. ..."],
)
def test_unknown_host_key_is_said_and_no_password_is_tried(text: str) -> None:
    sshd = Sshd(BOOTSTRAP)
    sshd.trouble = AnsibleError(text)
    result = run(sshd)
    assert result["failed"]
    assert "host_keys.yml" in result["msg"]
    assert sshd.logins == []


def test_unreachable_stays_unreachable_and_the_options_are_as_before() -> None:
    sshd = Sshd(BOOTSTRAP)
    sshd.trouble = AnsibleConnectionFailure("No route to host")
    with pytest.raises(AnsibleConnectionFailure, match="No route"):
        run(sshd)
    assert sshd.options["reconnection_retries"] == 2
    assert sshd.options["ssh_args"] == "-o ControlPersist=10m"


def test_control_node_itself_is_never_touched() -> None:
    sshd = Sshd(BOOTSTRAP)
    sshd.transport = "local"
    result = run(sshd)
    assert result["failed"]
    assert "hz-1 is reached by connection local" in result["msg"]
    assert sshd.password == BOOTSTRAP


def test_first_credential_is_the_connections_own() -> None:
    assert action.credentials("root", "", FINAL, BOOTSTRAP) == {
        "": "a key",
        FINAL: "the final password",
        BOOTSTRAP: "the bootstrap password",
    }
    assert list(action.credentials("root", "Own-1x", FINAL, "")) == ["Own-1x", FINAL]


def test_another_user_logs_in_with_its_own_credential_alone_and_roots_login_is_proven() -> None:
    sshd = Sshd(BOOTSTRAP, key=True)
    sshd.options |= {"remote_user": "ops", "password": ""}
    assert run(sshd) == {"changed": True, "login": "proven"}
    assert (sshd.logins, sshd.users) == ([FINAL], ["ops", "root"])


def test_another_user_who_is_refused_is_named_and_roots_passwords_are_not_tried() -> None:
    sshd = Sshd("unknown")
    sshd.options |= {"remote_user": "ops", "password": "Ops-pass-1"}
    result = run(sshd)
    assert "refuses the login of ops with the configured password" in result["msg"]
    assert sshd.logins == ["Ops-pass-1"]
