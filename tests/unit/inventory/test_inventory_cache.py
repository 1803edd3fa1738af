"""The cache, with the lab's journal as the witness of what was asked."""

import json
import os
import stat
import time

import pytest
from ansible.module_utils.huaweicloud.cache import default_folder
from ansible.module_utils.huaweicloud.inventory.settings import read_settings
from lab_region import LIST, PROJECTS, REGION

NO_KEYS = {"HUAWEICLOUD_SDK_AK": None, "HUAWEICLOUD_SDK_SK": None}


@pytest.fixture
def cached(lab, ansible, tmp_path):
    """`cached(…)` lists with a cache in a folder of its own; the first time has been, and the journal is empty."""
    folder = tmp_path / "cache"

    def listed(*arguments, **options):
        return ansible.listed(*arguments, **{"cache": True, "cache_connection": str(folder), **options})

    lab.seed(2, tags={"hazelcast": "prod-{n}", "note": "数据 {{ 7 * 7 }} 😀"}, user_data=1)
    listed()
    assert (lab.asked(LIST), lab.asked(PROJECTS)) == (1, 1)
    lab.control.clear_requests()
    return listed


@pytest.fixture
def kept(tmp_path, cached):
    """The one file."""
    (path,) = (tmp_path / "cache").rglob("*.json")
    return path


def test_live_and_cached_results_are_the_same_bytes(lab, ansible, tmp_path, cached):
    """With what could differ: the API's own object, Ansible's templates, a region of the configuration."""
    options = {
        "regions": [REGION],
        "cache": True,
        "cache_connection": str(tmp_path / "other"),
        "full_hostvars": True,
        "compose": {"x_region": "ecs_region", "x_note": "ecs_tags.note"},
        "keyed_groups": [{"key": "ecs_status", "prefix": "status"}],
    }
    live, warm = (ansible.inventory("--export", **options) for _ in range(2))
    assert lab.asked(LIST) == 1
    assert live.stdout == warm.stdout
    assert live.returncode == warm.returncode == 0
    assert live.stderr == warm.stderr == ""


def test_a_warm_cache_makes_no_call_and_needs_no_credentials(lab, cached):
    assert sorted(cached()) == ["web-1", "web-2"]
    assert sorted(cached(environment=NO_KEYS)) == ["web-1", "web-2"]
    assert sorted(cached(environment=NO_KEYS, access_key="k", secret_key="{{ nothing }}")) == ["web-1", "web-2"]
    assert lab.asked() == 0


def test_other_commands_use_it(lab, ansible, tmp_path, cached):
    path = ansible.file(cache=True, cache_connection=str(tmp_path / "cache"))
    assert "web-2" in ansible.run("ansible", "all", "--list-hosts", path=path).stdout
    assert "@hazelcast_prod_1" in ansible.run("ansible-inventory", "--graph", path=path).stdout
    assert lab.asked() == 0


def test_other_credentials_are_a_miss(lab, cached):
    eve = lab.settings.accounts[1]
    cached(environment={"HUAWEICLOUD_SDK_AK": eve.access_key, "HUAWEICLOUD_SDK_SK": eve.secret_key})
    assert lab.asked(LIST) == 1


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"regions": ["lab-02"]}, 1),
        ({"filters": {"status": "ACTIVE"}}, 1),
        ({"include_filters": [{"tags": {"hazelcast": "prod-1"}}]}, 1),
        ({"project_id": "PROJECT"}, 1),
        ({"hostnames": ["id"], "full_hostvars": True, "connect_with": ["name"], "systems": ["x"]}, 0),
        ({"exclude_filters": [{"name": "web-1"}], "filters": {"name": "web-*"}}, 0),
    ],
)
def test_options_that_change_what_is_asked_are_a_miss(lab, cached, options, asked):
    """And the others make other hosts of the same answers."""
    if "project_id" in options:
        options = {"project_id": lab.project(REGION)}
    cached(**options)
    assert lab.asked(LIST) == asked


def test_other_endpoints_are_a_miss(lab, cached):
    cached(endpoints={"ecs": lab.url.replace("127.0.0.1", "localhost")})
    assert lab.asked(LIST) == 1


def test_it_is_private_and_holds_no_user_data_and_no_key(lab, kept):
    text = kept.read_text()
    assert "user_data" not in text
    assert lab.account.access_key not in text
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert kept.parent.name == "huaweicloud_ecs"
    assert [it.name for it in kept.parent.iterdir()] == [kept.name], "no temporary file is left"


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda _: "", lambda _: "[]"])
def test_a_damaged_file_is_made_anew_with_a_warning(lab, ansible, cached, kept, damage):
    kept.write_text(damage(kept.read_text()))
    result = ansible.inventory(cache=True, cache_connection=str(kept.parents[1]))
    assert f"[WARNING]: The inventory cache {kept} is damaged; it is made anew." in result.stderr
    assert '"web-1"' in result.stdout
    assert lab.asked(LIST) == 1
    assert sorted(cached()) == ["web-1", "web-2"]
    assert lab.asked(LIST) == 1


def test_it_ends(lab, cached, kept):
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps({**content, "saved": time.time() - 1000}))
    cached(cache_timeout=9000)
    assert lab.asked() == 0
    cached(cache_timeout=900)
    assert lab.asked(LIST) == 1


def test_a_folder_that_cannot_be_used_is_only_a_warning(ansible, lab, tmp_path):
    lab.seed(1)
    (tmp_path / "blocked").write_text("")
    result = ansible.inventory(cache=True, cache_connection=str(tmp_path / "blocked"))
    assert '"web-1"' in result.stdout
    assert "cannot be written" in result.stderr


def test_the_users_cache_folder_without_a_connection(lab, ansible, tmp_path, monkeypatch):
    lab.seed(1)
    ansible.listed(cache=True)
    assert len(list((tmp_path / "xdg" / "huaweicloud_ecs").glob("*.json"))) == 1
    assert read_settings({"regions": ["x"]}).cache_folder is None
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert str(default_folder()) == "/home/somebody/.cache"


def test_a_failed_run_leaves_what_is_kept_alone(lab, ansible, kept):
    """The file is replaced at once or not at all."""
    before = kept.stat().st_ino, kept.read_bytes()
    lab.fault(LIST, "500")
    path = ansible.file(cache=True, cache_connection=str(kept.parents[1]), retries=0)
    assert ansible.run("ansible-inventory", "--list", "--flush-cache", path=path).returncode != 0
    assert lab.asked(LIST) == 1
    assert (kept.stat().st_ino, kept.read_bytes()) == before


def test_flush_cache_asks_again(lab, ansible, tmp_path, cached):
    path = ansible.file(cache=True, cache_connection=str(tmp_path / "cache"))
    lab.seed(1, name="later")
    assert "later" not in ansible.run("ansible-inventory", "--graph", path=path).stdout
    assert "later" in ansible.run("ansible-inventory", "--graph", "--flush-cache", path=path).stdout
    assert lab.asked(LIST) == 1
    assert "later" in cached()


def test_projects_are_looked_up_once(lab, cached):
    """Kept with the servers: `ecs_project_id` comes from the cache."""
    assert cached()["web-1"]["ecs_project_id"] == lab.project(REGION)
    assert lab.asked(PROJECTS) == 0


def test_a_warm_cache_imports_no_sdk(ansible, tmp_path, cached):
    """Watched from inside the interpreter: the modules that are loaded when Ansible has ended."""
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "late = ('requests', 'urllib3', 'huaweicloudsdkcore', 'huaweicloudsdkecs')\n"
        "atexit.register(lambda: print('LOADED', *[it for it in late if it in sys.modules], file=sys.stderr))\n"
    )
    watched = {"PYTHONPATH": os.pathsep.join([str(spy), os.environ.get("PYTHONPATH", "")])}
    path = ansible.file(cache=True, cache_connection=str(tmp_path / "cache"))
    warm = ansible.run("ansible-inventory", "--list", path=path, **watched)
    live = ansible.run("ansible-inventory", "--list", path=ansible.file(), **watched)
    assert "LOADED\n" in warm.stderr
    assert "LOADED requests urllib3 huaweicloudsdkcore\n" in live.stderr
