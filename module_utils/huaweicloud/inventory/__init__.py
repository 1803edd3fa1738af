"""From servers to hosts: names, addresses, variables and groups. Pure: lists in, lists out, problems as sentences."""
