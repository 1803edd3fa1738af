"""adminPass: the rule for it, and how the platform brings it into a server."""

from __future__ import annotations

import base64
import subprocess

SPECIALS = "!@$%^-_=+[{}]:,./?~#*"


def fit(password: str) -> bool:
    """8 to 26 characters, three of the four classes, not root or toor in it (doc: Creating ECSs, adminPass)."""
    classes = [
        any(character.isascii() and character.isupper() for character in password),
        any(character.isascii() and character.islower() for character in password),
        any(character.isascii() and character.isdigit() for character in password),
        any(character in SPECIALS for character in password),
    ]
    known = all(character in SPECIALS or (character.isascii() and character.isalnum()) for character in password)
    lower = password.lower()
    return 8 <= len(password) <= 26 and known and sum(classes) >= 3 and "root" not in lower and "toor" not in lower


def first_boot_script(password: str) -> str:
    """The base64 user_data with which the platform sets root's password (seen in the doc's own example).

    Raises OSError or CalledProcessError when openssl cannot be run; the password goes there by stdin.
    """
    command = ["openssl", "passwd", "-6", "-stdin"]
    hashed = subprocess.run(command, input=password, capture_output=True, text=True, check=True, timeout=10)
    script = f"#!/bin/bash\necho 'root:{hashed.stdout.strip()}' | chpasswd -e;"
    return base64.b64encode(script.encode()).decode()
