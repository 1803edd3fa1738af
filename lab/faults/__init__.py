"""Faults that tests put into the region: what can be said (grammar), where (operations), what is in force (book)."""
