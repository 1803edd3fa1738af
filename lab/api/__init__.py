"""Huawei Cloud's HTTP APIs (ECS, IAM, instance metadata) over the region model."""
