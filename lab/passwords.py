"""Passwords by Huawei's rule: 8 to 26 characters, three of four classes, no "root" in it (ECS API, adminPass)."""

from __future__ import annotations

import secrets
import string

SPECIALS = "!@$%^-_=+[{}]:,./?"
LENGTH = 20
_CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SPECIALS)


def generate(containing: str = "") -> str:
    """A random password with `containing` somewhere inside and all four classes."""
    while True:
        characters = [secrets.choice(kind) for kind in _CLASSES]
        characters += [secrets.choice("".join(_CLASSES)) for _ in range(LENGTH - len(characters) - len(containing))]
        secrets.SystemRandom().shuffle(characters)
        place = secrets.randbelow(len(characters) + 1)
        password = "".join([*characters[:place], containing, *characters[place:]])
        if not any(word in password.lower() for word in ("root", "toor")):
            return password
