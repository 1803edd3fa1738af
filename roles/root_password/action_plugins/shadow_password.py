"""Action plugin in front of library/shadow_password.py: finds the credential that opens the host, proves the new one.

A server that was just made knows only its bootstrap password, a converged one only the final one. Which of the two it
is shows only at the login, so the attempts are made here, quietly, in one task. One login is made with each credential,
two where ssh's words were lost: Huawei's host security locks an address out after five refused ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

# A login as a stranger would make it: no open master connection, no key, one prompt. ssh takes the first value it sees.
FRESH_LOGIN = (
    "-o ControlMaster=no -o ControlPath=none -o PubkeyAuthentication=no"
    " -o PreferredAuthentications=password -o NumberOfPasswordPrompts=1"
)

ROOT = "root"

# On the control node itself the role would change the password of whoever runs it.
NOT_SSH = "{inventory_hostname} is reached by connection {transport}; the role sets passwords of servers, over SSH."
NO_CREDENTIAL = (
    "{host} refuses root's login with {tried}. Give the password it has now as ECS_BOOTSTRAP_PASSWORD"
    " (vault_bootstrap_root_password), or its key pair to the SSH agent, and run again: nothing was changed."
)
UNKNOWN_HOST_KEY = (
    "{host} does not show the SSH host key known for it. Where the server is new or its keys were made anew, take them"
    " from its console log (playbooks/host_keys.yml) and run again. Otherwise somebody stands in between; no password"
    " was sent."
)
NO_CREDENTIAL_OF_USER = (
    "{host} refuses the login of {user} with {tried}. Give its key pair to the SSH agent, or its password as"
    " ansible_password, and run again: nothing was changed."
)
NOT_PROVEN = (
    "{host}: root has the final password, but sshd refuses a login with it. Allow it there (PermitRootLogin and"
    " PasswordAuthentication in sshd_config), or set root_password_prove_login to false where only keys may log in."
)


def is_refusal(error: Exception) -> bool:
    """Whether ssh reached sshd and was turned away, and not: no route, wrong host key, no sshd yet."""
    return "Permission denied" in str(error)


def is_unsaid(error: Exception) -> bool:
    """Whether ssh ended before it took the module: Ansible then tells of a broken pipe and may lose ssh's own words."""
    return "Data could not be sent" in str(error) and not is_refusal(error) and not is_unknown_host_key(error)


def is_unknown_host_key(error: Exception) -> bool:
    """Whether ssh hung up because of the server's host key (the second wording is Ansible's, for password logins)."""
    return any(text in str(error) for text in ("Host key verification failed", "Host Key checking is enabled"))


def credentials(user: str, configured: str, final: str, bootstrap: str) -> dict[str, str]:
    """Passwords to log in with, in order, each once -> what a message calls them.

    The first is the connection's own, which may be empty: then the key pair decides. Other users than root are no
    business of the other two.
    """
    names = {configured: "the configured password" if configured else "a key"}
    if user != ROOT:
        return names
    if final:
        names[final] = "the final password"
    if bootstrap:
        names.setdefault(bootstrap, "the bootstrap password")
    return names


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs the module with the first credential that is let in."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result, with ``login`` saying that it was proven; fails in one sentence that names the host."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        bootstrap = arguments.pop("bootstrap_password", "")
        prove = boolean(arguments.pop("prove_login", False))
        if self._connection.transport != "ssh":
            return {"failed": True, "msg": NOT_SSH.format(transport=self._connection.transport, **variables)}
        host = f"{variables['inventory_hostname']} ({self._connection.get_option('host')})"
        result = self._run_with_credentials(arguments, bootstrap, variables, host)
        predicted = self._task.check_mode and result.get("changed", False)
        if result.get("failed") or predicted:
            return result
        if result.get("changed"):
            # The open master connection was authenticated by the old password: nothing later may ride on it.
            self._connection.reset()
        return result | (self._prove_login(arguments["password"], host) if prove else {})

    def _run_with_credentials(
        self, arguments: dict[str, Any], bootstrap: str, variables: dict[str, Any], host: str
    ) -> dict[str, Any]:
        user = self._connection.get_option("remote_user") or ROOT
        configured = self._connection.get_option("password") or ""
        tried = credentials(user, configured, arguments.get("password", ""), bootstrap)
        for password in tried:
            self._connection.set_option("password", password)
            try:
                with self._options(reconnection_retries=0):
                    return self._run_module(arguments, variables)
            except AnsibleError as error:
                said = self._said(error)
                if is_unknown_host_key(said):
                    return {"failed": True, "msg": UNKNOWN_HOST_KEY.format(host=host)}
                if not is_refusal(said):
                    # Not about credentials: the connection's own retries decide, and its own message stands.
                    return self._run_module(arguments, variables)
        sentence = NO_CREDENTIAL if user == ROOT else NO_CREDENTIAL_OF_USER
        return {"failed": True, "msg": sentence.format(host=host, user=user, tried=" and with ".join(tried.values()))}

    def _run_module(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name="shadow_password", module_args=arguments, task_vars=variables
        )
        return result

    def _said(self, error: AnsibleError) -> AnsibleError:
        """What ssh had to say; where that was lost, asked by a login that sends nothing."""
        if is_unsaid(error):
            try:
                with self._options(reconnection_retries=0):
                    self._low_level_execute_command("true", sudoable=False)
            except AnsibleError as asked:
                return asked
        return error

    def _prove_login(self, password: str, host: str) -> dict[str, Any]:
        try:
            with self._options(ssh_args=FRESH_LOGIN, remote_user=ROOT, password=password, reconnection_retries=0):
                self._low_level_execute_command("true", sudoable=False)
        except AnsibleError as error:
            if is_unknown_host_key(error):
                return {"failed": True, "msg": UNKNOWN_HOST_KEY.format(host=host)}
            if is_refusal(error):
                return {"failed": True, "msg": NOT_PROVEN.format(host=host)}
            raise
        return {"login": "proven"}

    @contextmanager
    def _options(self, **options: Any) -> Iterator[None]:
        """The connection with other options for a while."""
        before = {name: self._connection.get_option(name) for name in options}
        try:
            for name, value in options.items():
                self._connection.set_option(name, value)
            yield
        finally:
            for name, value in before.items():
                self._connection.set_option(name, value)
