"""Finds every message the toolkit can print and holds docs/troubleshooting.md against it.

    python -m tools.messages            what the page lacks, and what it still explains though no code prints it
    python -m tools.messages --list     every message with the place in the code it comes from

A message is known by its skeleton: the words that are always the same, with … for what varies. It is read from the
code itself: Python (python.py), Java (java.py), YAML (ansible.py), shell and make (shell.py); rooms.py says where.
"""
