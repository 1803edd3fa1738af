"""Huawei Cloud's rule for the password of a Linux server, as a filter that says what is wrong in words."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase, digits

SPECIALS = "!@$%^-_=+[{}]:,./?"
CLASSES = (ascii_uppercase, ascii_lowercase, digits, SPECIALS)
PLACEHOLDER = "${password}"


def password_faults(password: str, user: str = "root") -> list[str]:
    """What Huawei would refuse in ``password`` for ``user``, as phrases; empty when it is fine.

    The rule is that of ``adminPass`` in the ECS API's CreateServers. The password itself is never part of a phrase.
    """
    if not password:
        return ["is empty"]
    if password == PLACEHOLDER:
        return [f"is the literal {PLACEHOLDER} of the user-data example, which was to be replaced"]
    faults = []
    if not 8 <= len(password) <= 26:
        faults.append(f"has {len(password)} characters; 8 to 26 are allowed")
    if any(character not in "".join(CLASSES) for character in password):
        faults.append(f"has characters other than A-Z, a-z, 0-9 and {SPECIALS}")
    if sum(any(character in members for character in password) for members in CLASSES) < 3:
        faults.append("has fewer than three of: upper case, lower case, digits, special characters")
    if user in password.lower() or user[::-1] in password.lower():
        faults.append(f"contains {user}, forwards or backwards")
    return faults


class FilterModule:
    """Makes the rule known to templates."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Filter name -> function."""
        return {"root_password_faults": password_faults}
