"""The lab's networks on the control node: addresses, bridges, one namespace per host, packet filter."""
