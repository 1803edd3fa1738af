"""What the discovery strategy costs: its code by JMH, its place in a member's start with real members."""
