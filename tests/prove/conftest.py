"""The long proofs run on labs of their own, made as those of tests/lab are."""

from tests.lab.conftest import fleet, labs

__all__ = ["fleet", "labs"]
