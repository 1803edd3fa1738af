"""The signature of the standard library against those of Huawei's SDK."""

from __future__ import annotations

import gzip
import json

import pytest
from ansible.module_utils.preflight.signing import authorization

from tests.unit.preflight.conftest import ROOT

VECTORS = ROOT / "discovery/src/test/resources/signer-vectors.jsonl.gz"


def test_signatures_of_gets_are_the_sdks():
    vectors = [json.loads(line) for line in gzip.decompress(VECTORS.read_bytes()).decode().splitlines()]
    gets = [vector for vector in vectors if vector["method"] == "GET"]
    assert len(gets) > 500
    for vector in gets:
        # The port a scheme has by itself is not in the Host header.
        headers = {"X-Sdk-Date": vector["date"], "Host": vector["host"].removesuffix(":80")}
        if vector["token"]:
            headers["X-Security-Token"] = vector["token"]
        query = [tuple(pair) for pair in vector["query"]]
        signed = authorization(vector["path"], query, headers, vector["access"], vector["secret"])
        assert signed == vector["authorization"], vector["path"]


@pytest.mark.parametrize(
    ("path", "query", "host", "signature"),
    [
        (
            "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
            [("limit", "2"), ("marker", "13551d6b-755d-4757-b956-536f674975c0")],
            "service.region.example.com",
            "fd95e7da6f695cfb4cabbb9d6b0968aec155bc576b064835282473539ae9ea1d",
        ),
        ("/", [], "example.com", "919ad8b75d4ad49da0d377e63ee21c4a7a54b752f6bf2878b4adbe9c19927da6"),
    ],
)
def test_huaweis_published_vectors(path, query, host, signature):
    headers = {"host": host, "x-sdk-date": "20191115T033655Z"}
    signed = authorization(path, query, headers, "AccessKey", "SecretKey")
    assert signed.endswith(f"SignedHeaders=host;x-sdk-date, Signature={signature}")
