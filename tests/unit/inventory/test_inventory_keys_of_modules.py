"""Keys that stand in the inventory file alone: the playbooks and modules that ask the API themselves use them too."""

import json
import sys
from functools import partial
from types import SimpleNamespace

import pytest
from ansible.module_utils.huaweicloud_action import CloudAction, chosen, completed, regions_of
from ansible.module_utils.huaweicloud_module import ARGUMENTS
from inventory_runner import ROOT
from lab_region import Ansible
from test_inventory_host_keys import Consoles, console

sys.path.insert(0, str(ROOT / "tests" / "unit" / "lab"))

from region_world import PROJECT, SECOND_PROJECT, World, listening

pytestmark = pytest.mark.cli

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmF2Zp0X4mJt0nW1k4rj1fQ8Jx6dX0v1o2uJ5f3kL9a"
NORTH, SOUTH = "lab-north-1", "lab-south-1"


@pytest.fixture
def world():
    return World(Consoles())


@pytest.fixture
def server(world):
    (made,) = world.make(name="hz-1")
    world.driver.logs[made.id] = console(KEY)
    return made


@pytest.fixture
def secrets(world):
    account = world.account
    return (account.secret_key, account.password, account.access_key)


@pytest.fixture
def ansible(world, tmp_path):
    """Ansible's commands with nothing of the cloud in the environment."""
    with listening(world.api) as url:
        made = Ansible(SimpleNamespace(account=world.account, url=url), tmp_path)
        made.url = url
        for name in [it for it in made.environment if it.startswith(("HW_", "HUAWEICLOUD_"))]:
            del made.environment[name]
        (tmp_path / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
        yield made


@pytest.fixture
def file(ansible):
    """An inventory file with this region and the lab's endpoints."""

    def write(name="one", regions=(NORTH,), **options):
        endpoints = {"ecs": ansible.url, "iam": ansible.url}
        return ansible.file(name=f"{name}.huaweicloud_ecs.yml", regions=list(regions), endpoints=endpoints, **options)

    return write


@pytest.fixture
def vaulted(ansible, world, file, tmp_path):
    """The secret key encrypted in the file, the access key by a template. Returns the file and the environment."""
    password = tmp_path / "password"
    password.write_text("vault-password\n")
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": str(password), "MY_ACCESS_KEY": world.account.access_key}
    made = ansible.command("ansible-vault", "encrypt_string", world.account.secret_key, "--name", "secret_key", **vault)
    path = file(access_key="{{ lookup('ansible.builtin.env', 'MY_ACCESS_KEY') }}")
    path.write_text(path.read_text() + made.stdout)
    assert "!vault" in path.read_text()
    return path, vault


@pytest.fixture
def login(world, file):
    """An inventory file with a user's name and password."""
    account = world.account
    user = {"iam_domain": account.domain, "iam_user": account.user, "iam_password": account.password}
    return partial(file, **user)


def play(ansible, path, known_hosts, **environment):
    settings = ["-e", f"host_keys_path={known_hosts}", "-e", "host_keys_timeout=1", "-vvv"]
    return ansible.run("ansible-playbook", "playbooks/host_keys.yml", *settings, path=path, **environment)


def info(ansible, *paths, arguments=None, **environment):
    """`huaweicloud_ecs_instance_info` as an ad-hoc command; its words and the names it found."""
    sources = [it for path in paths[1:] for it in ("-i", path)]
    module = ["-m", "huaweicloud_ecs_instance_info", *(["-a", json.dumps(arguments)] if arguments else []), "-vvv"]
    python = ["-e", f"ansible_python_interpreter={sys.executable}"]
    result = ansible.run(
        "ansible",
        *sources,
        "localhost",
        *module,
        *python,
        path=paths[0],
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
        **environment,
    )
    return result, result.stdout + result.stderr


def assert_quiet(words, secrets):
    """Shown are the commands that ran, and no secret; the module came over standard input."""
    assert "EXEC /bin/sh -c" in words
    assert "PUT " not in words
    for secret in secrets:
        assert secret not in words


def test_host_keys_by_a_vault_and_a_template(ansible, server, vaulted, secrets, tmp_path):
    path, vault = vaulted
    result = play(ansible, path, tmp_path / "known_hosts", **vault)
    assert "changed=1" in result.stdout, result.stdout + result.stderr
    assert (tmp_path / "known_hosts").read_text() == f"{server.id} {KEY}\n"
    assert_quiet(result.stdout + result.stderr, secrets)


def test_host_keys_by_a_login(ansible, server, login, secrets, tmp_path):
    result = play(ansible, login(), tmp_path / "known_hosts")
    assert "changed=1" in result.stdout, result.stdout + result.stderr
    assert_quiet(result.stdout + result.stderr, secrets)


def test_a_task_finds_servers_by_a_vault(ansible, server, vaulted, secrets):
    """Its region is the file's too."""
    path, vault = vaulted
    result, words = info(ansible, path, **vault)
    assert result.returncode == 0, words
    assert '"name": "hz-1"' in result.stdout
    assert_quiet(words, secrets)


def test_a_task_finds_servers_by_a_login_to_the_files_project(ansible, server, login, secrets):
    result, words = info(ansible, login(project_id=PROJECT))
    assert result.returncode == 0, words
    assert '"name": "hz-1"' in result.stdout
    assert f'"project_id": {{\n                "{NORTH}": "{PROJECT}"' in result.stdout
    assert_quiet(words, secrets)


def test_the_tasks_own_keys_win(ansible, server, vaulted, world):
    """Nothing of the file is mixed into them."""
    path, vault = vaulted
    own = {"access_key": world.account.access_key, "secret_key": "not-the-secret-of-this-account-000000001"}
    reach = {"region": NORTH, "endpoints": {"ecs": ansible.url, "iam": ansible.url}}
    result, words = info(ansible, path, arguments={**own, **reach}, **vault)
    assert result.returncode != 0
    assert f"refused access key ****{own['access_key'][-4:]}: " in words
    assert own["secret_key"] not in result.stderr


def test_the_file_goes_before_the_environment_as_in_the_inventory(ansible, server, vaulted):
    path, vault = vaulted
    wrong = {"HUAWEICLOUD_SDK_AK": "none", "HUAWEICLOUD_SDK_SK": "none", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "none"}
    result, words = info(ansible, path, **wrong, **vault)
    assert result.returncode == 0, words


def test_keys_of_the_environment_alone(ansible, server, world, tmp_path):
    """The file says nothing, the environment all: one look-up of the project and one list each, nothing besides."""
    keys = {"HUAWEICLOUD_SDK_AK": world.account.access_key, "HUAWEICLOUD_SDK_SK": world.account.secret_key}
    there = {"HW_REGION_NAME": NORTH, "HW_ECS_ENDPOINT": ansible.url, "HW_IAM_ENDPOINT": ansible.url}
    result, words = info(ansible, ansible.file(), **keys, **there)
    assert result.returncode == 0, words
    assert '"name": "hz-1"' in result.stdout
    assert len(world.journal.entries()) == 4


def test_of_several_files_the_one_of_the_tasks_region(ansible, server, vaulted, login):
    """One that fits both regions there is none of: then it is the environment's turn, which is empty."""
    path, vault = vaulted
    other = login("two", [SOUTH], project_id=SECOND_PROJECT)
    for region in (NORTH, SOUTH):
        result, words = info(ansible, path, other, arguments={"region": region}, **vault)
        assert result.returncode == 0, words
        assert ('"iam_user": "operator"' in words) == (region == SOUTH)
    result, words = info(ansible, path, other, arguments={"regions": [NORTH, SOUTH]}, **vault)
    assert result.returncode != 0
    assert "No credentials: set HUAWEICLOUD_SDK_AK" in words


def test_a_key_that_cannot_be_had_is_named(ansible, server, vaulted, tmp_path):
    """The inventory has a warm cache and needs none; the module does."""
    path, vault = vaulted
    key = tmp_path / "key"
    key.write_text(vault["MY_ACCESS_KEY"])
    text = path.read_text().replace("env'', ''MY_ACCESS_KEY", f"file'', ''{key}")
    assert str(key) in text
    path.write_text(f"{text}cache: true\ncache_connection: {tmp_path / 'cache'}\n")
    assert info(ansible, path, **vault)[0].returncode == 0
    key.unlink()
    result, words = info(ansible, path, **vault)
    assert result.returncode != 0
    assert "access_key cannot be evaluated: " in words
    assert "No credentials" not in words


def test_another_host_than_the_control_node_gets_no_keys():
    """With a connection of its own nothing is read at all."""
    action = object.__new__(CloudAction)
    action._task = SimpleNamespace(args={"name": "x"}, action="huaweicloud_ecs_instance_info")
    action._connection = SimpleNamespace(transport="ssh")
    assert action._arguments({"ansible_inventory_sources": ["/nowhere"]}, None) is action._task.args


@pytest.mark.parametrize(
    ("regions", "expected"),
    [(["a"], {"region": "a"}), (["b"], {"region": "b"}), (["a", "b"], {}), (["c"], {}), ([], {})],
)
def test_choosing_between_files(regions, expected):
    assert chosen([(("a",), {"region": "a"}), (("b", "d"), {"region": "b"})], regions) == expected


def test_one_file_is_chosen_for_every_region_and_so_are_two_that_say_the_same():
    assert chosen([(("a",), {"x": 1})], {"new"}) == {"x": 1}
    assert chosen([(("a",), {"x": 1}), (("a",), {"x": 1})], {"a"}) == {"x": 1}
    assert chosen([], {"a"}) == {}


def test_the_tasks_regions(monkeypatch):
    monkeypatch.delenv("HW_REGION_NAME", raising=False)
    assert regions_of({"servers": [{"region": "a"}, {"name": "x"}], "region": "b, c"}) == {"a", "b", "c"}
    assert regions_of({"regions": ["a"], "servers": ["an-id"]}) == {"a"}
    assert regions_of({}) == set()
    monkeypatch.setenv("HW_REGION_NAME", "d,e")
    assert regions_of({}) == {"d", "e"}
    assert regions_of({"region": "a"}) == {"a"}


def test_an_argument_of_the_task_stays():
    options = {"proxy": "p", "ca_path": "c", "endpoints": {"ecs": "e", "iam": "i"}}
    arguments = {"proxy": "own", "ca_path": None, "endpoints": {"ecs": "own"}}
    assert completed(arguments, options) == {"proxy": "own", "ca_path": "c", "endpoints": {"ecs": "own", "iam": "i"}}
    assert completed({"name": "n"}, {}) == {"name": "n"}


def test_what_may_be_secret_is_declared():
    """A proxy's URL may hold a password."""
    secret = {name for name, it in ARGUMENTS.items() if it.get("no_log")}
    assert secret == {"access_key", "secret_key", "security_token", "iam_password", "proxy"}
