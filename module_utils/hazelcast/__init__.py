"""Hazelcast members: their systemd units, their health, and whether a cluster is what the inventory says."""
