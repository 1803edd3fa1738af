"""The host image: what a public image of the cloud is, as a container image."""
