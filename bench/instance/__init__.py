"""The instance module, measured against a region's API that has no hosts behind it."""
