"""Artifacts: what artifacts.yml says, and where each file comes from."""
