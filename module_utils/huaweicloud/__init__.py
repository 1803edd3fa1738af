"""Huawei Cloud as this toolkit needs it: signed requests, retries, paging, a server model, a cache.

Nothing here knows Ansible: the inventory plugin and the modules are thin skins on this package.
Requests are signed by Huawei's own signer (huaweicloudsdkcore); answers stay plain dictionaries, because building the
SDK's model objects costs five times the request itself. Both are imported only when a request is really sent.
"""
