#!/usr/bin/env python3
"""Makes the signing vectors of RequestSignerTest with the signer of Huawei Cloud's official Python SDK.

    signer_vectors.py            writes ../resources/signer-vectors.jsonl.gz
    signer_vectors.py --check    fails when that file is not what this SDK makes

One JSON object a line: access, secret, token (or null), date, method, base, path, query ([[name, value]]), body and the
Authorization header the SDK puts on it. The requests are random but the same every time.
"""

from __future__ import annotations

import gzip
import json
import random
import string
import sys
from pathlib import Path
from types import SimpleNamespace

from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

TARGET = Path(__file__).parent.parent / "resources" / "signer-vectors.jsonl.gz"
HOW_MANY = 2000
ALPHABET = string.ascii_letters + string.digits
# What occurs in tags and names: everything that encodings get wrong, two planes of Unicode included.
VALUES = ALPHABET + "-._~ !@$&'()+:;=?#[]/%\"^`{}\t" + "äß测试集群🙂𝒳"  # noqa: RUF001 - any script


def word(rng: random.Random, alphabet: str, longest: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, longest)))


def vector(rng: random.Random) -> dict[str, object]:
    method = rng.choice(["GET", "GET", "GET", "POST", "PUT", "DELETE"])
    host = rng.choice(["ecs.cn-north-4.myhuaweicloud.com", "10.212.255.1:8080", "localhost:80", "h:8443"])
    segments = [word(rng, VALUES.replace("/", "").replace("%", ""), 12) for _ in range(rng.randint(0, 4))]
    path = "/" + "/".join(segments) + rng.choice(["", "/"])
    query = [[word(rng, ALPHABET + "-_:", 8), word(rng, VALUES, 16)] for _ in range(rng.randint(0, 4))]
    if query and rng.random() < 0.3:
        query.append([query[0][0], word(rng, VALUES, 16)])
    body = word(rng, VALUES, 30) if method in ("POST", "PUT") else ""
    return {
        "access": word(rng, ALPHABET.upper(), 20),
        "secret": word(rng, ALPHABET, 40),
        "token": word(rng, ALPHABET + "+/=", 30) if rng.random() < 0.3 else None,
        "date": f"2026{rng.randint(1, 12):02}{rng.randint(1, 28):02}T{rng.randint(0, 23):02}{rng.randint(0, 59):02}07Z",
        "method": method,
        "host": host,
        "path": path.replace("//", "/"),
        "query": query,
        "body": body,
    }


def sign(case: dict) -> str:
    headers = {"X-Sdk-Date": case["date"]}
    if case["body"]:
        headers["Content-Type"] = "application/json"
    if case["token"]:
        headers["X-Security-Token"] = case["token"]
    request = SdkRequest(
        method=case["method"],
        schema="http",
        # The port a scheme has by itself is not in the Host header.
        host=case["host"].removesuffix(":80"),
        resource_path=case["path"],
        query_params=[tuple(pair) for pair in case["query"]],
        header_params=headers,
        body=case["body"],
    )
    Signer(SimpleNamespace(ak=case["access"], sk=case["secret"])).sign(request)
    return request.header_params["Authorization"]


def lines() -> bytes:
    rng = random.Random(20261121)
    out = []
    for _ in range(HOW_MANY):
        case = vector(rng)
        out.append(json.dumps({**case, "authorization": sign(case)}, ensure_ascii=rng.random() < 0.5))
    return ("\n".join(out) + "\n").encode()


def main() -> int:
    made = lines()
    if "--check" in sys.argv[1:]:
        same = gzip.decompress(TARGET.read_bytes()) == made
        print("the vectors are those of this SDK" if same else f"{TARGET.name} differs: run {Path(__file__).name}")
        return 0 if same else 1
    TARGET.write_bytes(gzip.compress(made, 9, mtime=0))
    print(f"{HOW_MANY} vectors, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
