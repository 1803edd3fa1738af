"""What can go wrong between here and Huawei Cloud. `str(error)` is a sentence a person can act on."""

from __future__ import annotations


class HuaweiCloudError(Exception):
    """Any failure of this package.

    `message` may be made clearer on the way up (explain.py adds region, key, permission), `note` tells what was tried.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.note = ""
        self.explained = False

    def __str__(self) -> str:
        return f"{self.message} ({self.note})" if self.note else self.message


class ConfigurationError(HuaweiCloudError):
    """The options given cannot work: nothing was sent."""


class TransportError(HuaweiCloudError):
    """No whole answer came back: refused, unresolved, timed out, cut off. Worth another try.

    `reached` is False when the service was never spoken to (name unknown, connection refused): retrying that for long
    only makes a person wait.
    """

    def __init__(self, message: str, *, reached: bool = True) -> None:
        super().__init__(message)
        self.reached = reached


class AnswerError(HuaweiCloudError):
    """An answer came with a good status, but it is not what the API promises (no JSON, a list without servers)."""


class UncertainError(HuaweiCloudError):
    """A request that must not be sent twice got no clear answer: it may have taken effect or not. Look, then decide."""


class ApiError(HuaweiCloudError):
    """The service answered with an error status.

    `retry_after` and `clock_skew` are seconds; the latter is how far this machine's clock is ahead of the service's.
    Each is None when the answer does not say.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        clock_skew: float | None = None,
    ) -> None:
        super().__init__(f"HTTP {status} {code}: {detail}" if code else f"HTTP {status}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.clock_skew = clock_skew
