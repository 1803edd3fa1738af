"""The inventory plugin beside its floor and its peers: CPU time, memory, and a run over ten slow regions."""
