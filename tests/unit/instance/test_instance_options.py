"""Options are checked before anything is sent, and the request is the one Huawei's own model knows."""

from __future__ import annotations

import base64

import pytest
import yaml
from ansible.module_utils.huaweicloud.errors import ConfigurationError
from ansible.module_utils.huaweicloud.instance import order
from ansible.module_utils.huaweicloud.instance.options import read_wanted
from ansible.module_utils.huaweicloud.instance.seen import parse_instance
from instance_world import NEW, load
from sdk_schema import faults

EVERYTHING = {
    **NEW,
    "name": "hz",
    "exact_count": 2,
    "count_tags": {"hazelcast": "a"},
    "availability_zones": ["lab-north-1a", "lab-north-1b"],
    "networks": [
        {"subnet_id": "s-a", "availability_zone": "lab-north-1a", "ipv6": True},
        {"subnet_id": "s-b", "availability_zone": "lab-north-1b"},
    ],
    "system_disk": {"type": "SSD", "size": 60},
    "data_disks": [{"type": "SAS", "size": 100, "delete_on_termination": False}],
    "eip": {"type": "5_bgp", "bandwidth_size": 5, "charge_mode": "traffic", "delete_on_termination": True},
    "key_name": "ops",
    "admin_password": "Correct-Horse-7",
    "user_data": "#!/bin/bash\nbash /home/init.sh\n",
    "tags": {"env": "test", "on": True},
    "metadata": {"a": "b", "gone": None},
    "agency": "ecs-cluster-kit",
    "server_group": "g" * 36,
    "enterprise_project_id": "0",
    "delete_protection": True,
}


def wanted(**changes):
    return read_wanted({**EVERYTHING, **changes}, "lab-north-1", "hz")


def test_the_request_is_what_the_sdk_model_knows():
    from huaweicloudsdkecs.v2.model.pre_paid_server import PrePaidServer

    body = order.body(wanted(), "image-id", "lab-north-1b", "hz-0001", 2)
    assert list(faults(body["server"], PrePaidServer)) == []
    server = body["server"]
    assert server["nics"] == [{"subnet_id": "s-b"}]
    assert base64.b64decode(server["user_data"]).decode() == EVERYTHING["user_data"]
    assert server["extendparam"] == {"chargingMode": "postPaid", "enterprise_project_id": "0"}
    assert {it["key"]: it["value"] for it in server["server_tags"]} == {"env": "test", "on": "true", "hazelcast": "a"}
    assert server["metadata"] == {"a": "b", "agency_name": "ecs-cluster-kit", "delete_protection": "true"}
    assert server["publicip"]["delete_on_termination"] is True
    assert body == order.body(wanted(), "image-id", "lab-north-1b", "hz-0001", 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exact_count": -1}, "exact_count cannot be negative"),
        ({"count_tags": {}}, "give count_tags, or plan and name"),
        ({"state": "absent"}, "state absent does not go with exact_count"),
        ({"id": "x"}, "id names one server"),
        ({"name": "a b"}, "is not 1 to 64 letters"),
        ({"name": "n" * 60}, "up to 59 characters"),
        ({"user_data": "x" * (32 * 1024 + 1)}, "user_data has 32769 bytes"),
        ({"tags": {f"k{n}": "v" for n in range(10)}}, "11 tags are more than a server may have"),
        ({"tags": {"a=b": "v"}}, "tag key 'a=b'"),
        ({"tags": {"a": "v" * 44}}, "the value of tag 'a'"),
        ({"metadata": {f"k{n}": "v" for n in range(9)}}, "11 items of metadata"),
        ({"metadata": {"db_password": "x"}}, "metadata 'db_password' is named like a secret"),
        ({"networks": [{"subnet_id": "s", "address": "10.0.0.5"}]}, "a fixed address cannot be given to several"),
        ({"networks": [{"subnet_id": "s", "address": "10.0.0.500"}]}, "is not an IPv4 address"),
        ({"exact_count": None}, "availability_zones is for exact_count"),
        ({"exact_count": None, "name": None, "count_tags": None, "availability_zones": None}, "say which server"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(changes, said):
    with pytest.raises(ConfigurationError, match=r"^hz: ") as caught:
        wanted(**changes)
    assert said in str(caught.value)


def test_user_data_may_have_32_kb_and_no_secret_is_shown():
    assert "Correct-Horse" not in repr(wanted(user_data="x" * 32 * 1024))
    assert "xxxx" not in repr(wanted(user_data="x" * 32 * 1024))


MODULES = {
    "huaweicloud_ecs_instance": ("ACCESS", "DOCUMENTATION"),
    "huaweicloud_ecs_instance_info": ("ACCESS", "DOCUMENTATION"),
    "huaweicloud_ecs_tags": ("ACCESS", "DOCUMENTATION"),
    "huaweicloud_ims_image": ("ACCESS", "DOCUMENTATION"),
    "huaweicloud_ecs_host_keys": ("ACCESS",),
}


@pytest.mark.parametrize("name", MODULES)
def test_documentation_and_arguments_are_the_same(name):
    documented = {}
    for fragment in MODULES[name]:
        documented |= yaml.safe_load(getattr(_fragments(), fragment))["options"]
    documented |= yaml.safe_load(load(name).DOCUMENTATION)["options"]
    yaml.safe_load(load(name).EXAMPLES)
    assert _shape(documented) == _shape(_arguments(name))


@pytest.mark.parametrize("name", ["huaweicloud_ecs_instance", "huaweicloud_ecs_instance_info"])
def test_what_is_returned_of_a_server_is_documented(name):
    documented = yaml.safe_load(load(name).RETURN)["instances"]["contains"]
    assert list(documented) == list(parse_instance({"id": "x"}, "lab-north-1", "").result())


def _fragments():
    import importlib.util

    from instance_world import ROOT

    spec = importlib.util.spec_from_file_location("fragment", ROOT / "doc_fragments" / "huaweicloud.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ModuleDocFragment


def _arguments(name):
    """The argument_spec a module gives to AnsibleModule."""
    from unittest.mock import patch

    class GotItError(Exception):
        pass

    given = {}

    def take(**arguments):
        given.update(arguments)
        raise GotItError

    module = load(name)
    with patch.object(module, "AnsibleModule", take), pytest.raises(GotItError):
        module.main()
    return given["argument_spec"]


def _shape(options):
    """Type, elements, choices, default, required of each option, and of those below it."""
    keys = ("type", "elements", "choices", "default", "required")
    return {
        name: (
            {key: option[key] for key in keys if key in option},
            _shape(option.get("suboptions") or option.get("options") or {}),
        )
        for name, option in options.items()
    }
