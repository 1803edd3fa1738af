"""Password hashes of /etc/shadow: read, compare, make. Standard library only, Python 3.9 and newer.

Python's own ``crypt`` module is gone since 3.13 (PEP 594), so libcrypt is called through ctypes: whatever scheme the
host's login accepts (sha512, yescrypt ...) is compared by the very code that login uses.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hmac
import secrets
import string

_SALT_ALPHABET = string.ascii_letters + string.digits + "./"
# sha512-crypt is understood by every libcrypt in use; yescrypt is not yet (EulerOS). Rounds cost about 30 ms.
_SHA512_PREFIX = "$6$rounds=65536$"
# libxcrypt without, and glibc or libxcrypt with the old interface.
_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2")


def entry_hash(shadow: str, user: str) -> str | None:
    """The hash field of ``user`` in the text of a shadow(5) file; None when there is no such user."""
    for line in shadow.splitlines():
        fields = line.split(":")
        if fields[0] == user and len(fields) > 1:
            return fields[1]
    return None


def matches(password: str, hashed: str) -> bool:
    """Whether ``password`` is the one ``hashed`` was made of. A locked, empty or unknown hash matches nothing.

    Raises OSError when the host has no libcrypt.
    """
    made = _crypt(password, hashed) if hashed.startswith("$") else None
    return made is not None and hmac.compare_digest(made.encode(), hashed.encode())


def new_hash(password: str) -> str:
    """A sha512 hash of ``password`` with a fresh salt.

    Raises OSError when the host has no libcrypt, ValueError when the password cannot be hashed (it holds a NUL).
    """
    salt = "".join(secrets.choice(_SALT_ALPHABET) for _ in range(16))
    made = _crypt(password, _SHA512_PREFIX + salt)
    if made is None:
        raise ValueError("libcrypt refuses to hash this password")
    return made


def _crypt(password: str, setting: str) -> str | None:
    """crypt(3); None where it fails: an unknown scheme, a malformed setting."""
    if "\0" in password:
        return None
    function = _library().crypt
    function.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    function.restype = ctypes.c_char_p
    made = function(password.encode(), setting.encode())
    # libxcrypt answers a failure with "*0" or "*1", glibc with NULL.
    return None if made is None or made.startswith(b"*") else made.decode()


def _library() -> ctypes.CDLL:
    for name in (*_LIBRARIES, ctypes.util.find_library("crypt")):
        try:
            if name:
                return ctypes.CDLL(name)
        except OSError:
            continue
    raise OSError("this host has no libcrypt (libcrypt.so.1 or .2), which its own login needs as well")
