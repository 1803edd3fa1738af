"""The options by which every module here reaches Huawei Cloud: access, and those of modules that mean one region."""

from __future__ import annotations


class ModuleDocFragment:
    """Used as `extends_documentation_fragment: [huaweicloud.access, huaweicloud]`."""

    ACCESS = r"""
options:
  access_key:
    description: Access key id. Default is the environment's E(HUAWEICLOUD_SDK_AK), then E(HW_ACCESS_KEY).
    type: str
  secret_key:
    description: Secret access key. Default is the environment's E(HUAWEICLOUD_SDK_SK), then E(HW_SECRET_KEY).
    type: str
  security_token:
    description:
      - Token of a temporary key. Default is the environment's E(HUAWEICLOUD_SDK_SECURITY_TOKEN), then
        E(HW_SECURITY_TOKEN).
    type: str
  iam_domain:
    description: Account name, to log in with O(iam_user) and O(iam_password) instead of an access key.
    type: str
  iam_user:
    description: IAM user name. When set it goes before O(access_key).
    type: str
  iam_password:
    description: The IAM user's password.
    type: str
  credentials_from:
    description: V(metadata) takes the keys of the agency of the server this runs on.
    type: str
    choices: [metadata]
  credentials_file:
    description: The SDK's credentials file. Default is the environment's E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
    type: path
  endpoints:
    description:
      - Map of service (V(ecs), V(iam), V(ims)) to URL, scheme, host and port only. C({region}) is replaced.
      - Defaults are the environment's E(HW_ECS_ENDPOINT), E(HW_IAM_ENDPOINT) and E(HW_IMS_ENDPOINT), else the public
        cloud's.
    type: dict
    default: {}
  validate_certs:
    description: Check the services' TLS certificates.
    type: bool
    default: true
  ca_path:
    description: A bundle of certificate authorities.
    type: path
  proxy:
    description: URL of a proxy. Default is the environment's.
    type: str
requirements:
  - huaweicloudsdkcore (comes with huaweicloudsdkecs; signs the requests)
  - requests
"""

    DOCUMENTATION = r"""
options:
  region:
    description: The region. Default is the environment's E(HW_REGION_NAME), when that names one region.
    type: str
  project_id:
    description:
      - The project of O(region), or a map of region to project.
      - Where it is absent the project named like the region is looked up through IAM, one request more.
    type: raw
  timeout:
    description: Seconds a single request may take.
    type: int
    default: 30
  retries:
    description: How often a request is tried again after throttling, a server error, or a lost or broken answer.
    type: int
    default: 5
notes:
  - Runs on the control node, on Python 3.11 or newer.
  - A task that gives no credentials takes what the inventory file of plugin P(huaweicloud_ecs#inventory) says - its
    credentials, O(endpoints), O(project_id), O(validate_certs), O(ca_path) and O(proxy), where the task does not give
    them, and its regions where neither O(region) nor the environment names any - and then the environment's. Of several
    such files it takes the one that lists the task's regions; when more than one does and they differ, none.
  - Requests are tried again after throttling and lost answers; those that must not be sent twice are not, then the
    module looks at what came of them.
"""
