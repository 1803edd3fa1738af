"""Huawei's request signature with the standard library alone: what signs on a host, where no SDK is.

Source: 'AK/SK Signing and Authentication', algorithm SDK-HMAC-SHA256; tested against the signatures of Huawei's SDK.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import quote

ALGORITHM = "SDK-HMAC-SHA256"


def query_string(query: Sequence[tuple[str, str]]) -> str:
    """The query as it is signed and sent: sorted, and encoded after that."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query))


def authorization(
    path: str, query: Sequence[tuple[str, str]], headers: dict[str, str], access: str, secret: str
) -> str:
    """The Authorization header of a GET. All of ``headers`` are signed; X-Sdk-Date is one of them.

    ``path`` is percent-decoded.
    """
    signed = {name.lower(): value.strip() for name, value in headers.items()}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            "GET",
            "/".join(quote(part, safe="~") for part in path.split("/")).rstrip("/") + "/",
            query_string(query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    text = "\n".join([ALGORITHM, signed["x-sdk-date"], hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Access={access}, SignedHeaders={names}, Signature={signature}"
