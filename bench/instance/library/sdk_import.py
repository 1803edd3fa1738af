#!/usr/bin/python
"""The floor: a module that imports Huawei's SDK and returns."""

from ansible.module_utils.basic import AnsibleModule
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkecs.v2 import EcsClient

if __name__ == "__main__":
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, imported=[EcsClient.__name__, BasicCredentials.__name__])
