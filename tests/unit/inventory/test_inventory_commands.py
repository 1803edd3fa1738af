"""What a user types: forms of output, exit codes, refreshes, and secrets that are never shown."""

import json

import pytest
import yaml
from lab_region import LIST, REGION, loaded, sentence_of


@pytest.fixture
def two(lab):
    """Two servers of two clusters."""
    for number, cluster in enumerate(("prod", "test"), 1):
        lab.seed(1, name=f"web-{number}", tags={"hazelcast": cluster})


def test_list_forms(ansible, two):
    plain, exported = loaded(ansible.inventory()), loaded(ansible.inventory("--export"))
    for listed in (plain, exported):
        assert sorted(listed["hazelcast"]["children"]) == ["hazelcast_prod", "hazelcast_test"]
        assert listed["_meta"]["hostvars"]["web-1"]["ecs_name"] == "web-1"
    as_yaml = yaml.safe_load(ansible.inventory("--yaml").stdout.replace("!unsafe ", ""))
    clusters = as_yaml["all"]["children"]["hazelcast"]["children"]
    assert clusters["hazelcast_prod"]["hosts"]["web-1"]["ecs_tags"] == {"hazelcast": "prod"}


def test_graph_host_and_limit(ansible, two):
    path = ansible.file()
    graph = ansible.run("ansible-inventory", "--graph", "--vars", path=path).stdout
    assert "|  |--@hazelcast_prod:\n  |  |  |--web-1\n" in graph
    assert f"{{ecs_region = {REGION}}}" in graph
    one = loaded(ansible.run("ansible-inventory", "--host", "web-2", path=path))
    assert one["ecs_tags"] == {"hazelcast": "test"}
    assert list(ansible.listed("-l", "hazelcast_test")) == ["web-2"]
    assert list(ansible.listed("-l", "tag_hazelcast_prod:&region_lab_north_1")) == ["web-1"]


REFRESH = """
- hosts: localhost
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.debug: {msg: "BEFORE {{ groups['all'] | sort | join(' ') }}."}
    - ansible.builtin.meta: refresh_inventory
    - ansible.builtin.debug: {msg: "AFTER {{ groups['all'] | sort | join(' ') }}."}
"""


@pytest.mark.parametrize("cache", [True, False])
def test_refresh_in_a_play_makes_deleted_servers_vanish(lab, ansible, two, tmp_path, cache):
    """The second list finds one server less: what was deleted meanwhile, here by what the API is made to say."""
    gone = {"count": 0, "servers": []}
    lab.fault(LIST, f"wrong-json={json.dumps(gone)}", after=1)
    play = tmp_path / "play.yml"
    play.write_text(REFRESH)
    path = ansible.file(cache=cache)
    static = tmp_path / "static.yml"
    static.write_text("all: {hosts: {office: {}}}\n")
    result = ansible.run("ansible-playbook", "-i", str(static), str(play), path=path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "BEFORE office web-1 web-2." in result.stdout
    assert "AFTER office." in result.stdout
    assert lab.asked(LIST) == 2


class TestFailure:
    """A source that fails: not zero, no host, one sentence (sentence_of checks the rest)."""

    @pytest.mark.parametrize("command", [("ansible-inventory", "--graph"), ("ansible", "all", "--list-hosts")])
    def test_every_command(self, lab, ansible, command):
        lab.fault("*", "500")
        result = ansible.run(*command, path=ansible.file(retries=0))
        assert sentence_of(result).startswith(f"IAM of region {REGION} answered: ")

    def test_a_play_does_not_run(self, lab, ansible, tmp_path):
        lab.fault("*", "500")
        play = tmp_path / "play.yml"
        play.write_text(REFRESH)
        result = ansible.run("ansible-playbook", str(play), path=ansible.file(retries=0))
        assert sentence_of(result)

    def test_beside_a_good_source(self, lab, ansible, tmp_path):
        """One that fails spoils the others: a play on half of an inventory is worse than none."""
        static = tmp_path / "static.yml"
        static.write_text("all: {hosts: {office: {}}}\n")
        lab.fault("*", "500")
        assert sentence_of(ansible.run("ansible-inventory", "--list", "-i", str(static), path=ansible.file(retries=0)))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "The file is not for this plugin: it does not say `plugin: huaweicloud_ecs`."),
            ("regions: [x]\nfilters: {name: x}\n", "The file is not for this plugin"),
            ("plugin: another\n", "The file is not for this plugin"),
            ("- plugin: huaweicloud_ecs\n", "The file is not for this plugin"),
            ("plugin: huaweicloud_ecs\nregions: [x\n", "The file cannot be read, line 3: "),
            ("plugin: huaweicloud_ecs\nretries: many\n", "invalid value"),
            ("plugin: huaweicloud_ecs\ncompose: {a: b +}\nstrict: true\n", "Could not set a"),
        ],
    )
    def test_a_file_with_a_mistake(self, lab, ansible, text, words):
        """Ansible's own `yaml` would take some of these for inventories without hosts, and end with success."""
        lab.seed(1)
        path = ansible.file()
        path.write_text(text)
        assert words in sentence_of(ansible.run("ansible-inventory", "--list", path=path))


SECRETS = ("S3CRET-KEY-OF-THE-FILE", "S3CRET-TOKEN-OF-THE-FILE", "S3CRET-PASSWORD", "HPUAFILEFILEFILEWXYZ")
FILE = """
plugin: huaweicloud_ecs
{before}
access_key: HPUAFILEFILEFILEWXYZ
secret_key: S3CRET-KEY-OF-THE-FILE
security_token: S3CRET-TOKEN-OF-THE-FILE
proxy: http://me:S3CRET-PASSWORD@127.0.0.1:9/
{after}
"""
MISTAKES = {
    "not YAML": ("", "retries: {{ x"),
    "given twice": ("retries: 1", "retries: 0"),
    "of a wrong type": ("", "retries: many"),
    "a secret of a wrong type": ("", "iam_password: [S3CRET-PASSWORD]"),
    "a secret for a key": ("", "iam_password: {S3CRET-PASSWORD: 1}"),
    "a bad template": ("", "ca_path: \"{{ 'S3CRET-PASSWORD' | nothing }}\""),
    "undefined": ("", 'network: "{{ nothing }}"'),
    "unknown option": ("", "secret_keys: x"),
    "strict": ("compose: {x: nothing + 1}", "strict: true"),
    "a warning of Ansible's": ("", "groups: {x: \"'text'\"}"),
    "the proxy is not there": ("", "retries: 0"),
}


class TestSecrets:
    """At full verbosity, in what succeeds and in what fails."""

    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_mistakes_in_the_file_that_holds_them(self, lab, ansible, mistake):
        """Ansible likes to show the lines around a mistake."""
        before, after = MISTAKES[mistake]
        path = ansible.file()
        path.write_text(FILE.format(before=before, after=after))
        result = ansible.run("ansible-inventory", "--list", "-vvvvv", path=path)
        assert not [it for it in SECRETS if it in result.stdout + result.stderr]
        assert result.returncode != 0

    @pytest.mark.parametrize("trouble", ["wrong key", "429", "503", "none"])
    def test_the_api_repeats_them(self, lab, ansible, trouble):
        """In the body of whatever it answers; a wrong key is refused, the other troubles need no fault of ours."""
        account = lab.account
        secret = account.secret_key if trouble != "wrong key" else "wrong-secret-key-0123456789"
        shown = (secret, "a-security-token-0123456789", account.access_key)
        message = f"key {account.access_key} secret {secret} token a-security-token-0123456789 is no good"
        body = json.dumps({"error_code": "APIGW.0301", "error_msg": message, "count": 0, "servers": []})
        lab.fault(LIST, f"wrong-json={body}")
        if trouble in ("429", "503"):
            lab.fault(LIST, trouble)
        result = ansible.inventory(
            "-vvvvv",
            secret_key=secret,
            access_key=account.access_key,
            security_token=shown[1],
            project_id=lab.project(REGION),
            retries=0,
        )
        assert not [it for it in shown if it in result.stdout + result.stderr]
        if trouble != "none":
            assert f"key ****{account.access_key[-4:]} secret **** token **** is no good" in result.stderr

    def test_user_data_and_passwords_are_no_variables(self, lab, ansible):
        """The API shows user_data in clear, and in it a password."""
        lab.seed(1, user_data=1)
        assert lab.ecs_shows_user_data()
        result = ansible.inventory("-vvvvv", full_hostvars=True)
        assert "web-1" in result.stdout
        assert "ATTR:user_data" not in result.stdout + result.stderr


def test_variables_of_the_command_line(lab, ansible):
    """`use_extra_vars` lets compose see them; options and host names always do."""
    lab.seed(1)
    options = {"compose": {"x_who": "who | default('nobody')"}, "hostnames": ["{{ ecs_name }}.{{ who }}"]}
    given = ("-e", "who=ops", "-e", f"where={REGION}")
    assert ansible.listed(*given, **options)["web-1.ops"]["x_who"] == "nobody"
    assert (
        ansible.listed(*given, **options, use_extra_vars=True, regions=["{{ where }}"])["web-1.ops"]["x_who"] == "ops"
    )
