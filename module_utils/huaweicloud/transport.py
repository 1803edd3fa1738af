"""One HTTP exchange: signed by Huawei's signer, bounded in time, whole or an error. No retries, no meaning."""

from __future__ import annotations

import email.utils
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .credentials import AccessKey, Credential, ProjectToken
from .errors import ConfigurationError, TransportError

if TYPE_CHECKING:
    import requests

CONNECTIONS = 16
USER_AGENT = "ecs-cluster-kit/0.1"


@dataclass(frozen=True)
class HttpOptions:
    """How to reach the services: seconds a request, TLS checks, a CA bundle's path, a proxy URL."""

    timeout: float = 30.0
    validate_certs: bool = True
    ca_path: str | None = None
    proxy: str | None = None


@dataclass(frozen=True)
class Request:
    """`path` is percent-decoded; a name may occur several times in `query`."""

    method: str
    base_url: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Answer:
    """A complete answer, or one of an error status (400 and above), which says enough even when its body is cut off."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes

    def clock_skew(self) -> float | None:
        """Seconds this machine is ahead of the service, by its Date header; None without one."""
        date = email.utils.parsedate_tz(self.headers.get("Date", ""))
        return None if date is None else time.time() - email.utils.mktime_tz(date)


class Transport:
    """A pool of connections shared by the threads of a run. Close it before the process forks."""

    def __init__(self, options: HttpOptions) -> None:
        self._options = options
        self._session: requests.Session | None = None
        self._lock = threading.Lock()

    def send(
        self, request: Request, credential: Credential | None, time_left: float, *, direct: bool = False
    ) -> Answer:
        """The answer to `request`, whatever its status. `direct` leaves proxies out (metadata service).

        Raises TransportError when no whole answer comes within the request's timeout or `time_left` seconds; the body
        of an error status may lack its end: a refused key must not be tried again for that.
        """
        if time_left <= 0:
            raise TransportError("No time was left to ask.")
        try:
            import requests  # noqa: PLC0415 - costs 130 ms; a warm cache never sends

            url, headers = _prepared(request, credential)
        except ImportError as error:
            raise ConfigurationError(
                f"The Python package {error.name} is missing: pip install huaweicloudsdkecs huaweicloudsdkiam."
            ) from None
        end = time.monotonic() + time_left
        timeout = min(self._options.timeout, time_left)
        try:
            with self._pool().request(
                request.method,
                url,
                headers=headers,
                data=request.body.encode() or None,
                timeout=timeout,
                stream=True,
                allow_redirects=False,  # a redirect would carry the signature to another host
                verify=(self._options.ca_path or True) if self._options.validate_certs else False,
                proxies=self._proxies(direct),
            ) as response:
                body = _body(response, min(end, time.monotonic() + self._options.timeout))
                return Answer(response.status_code, response.headers, body)
        except requests.RequestException as error:
            raise _transport_error(error, request.base_url, timeout) from None

    def close(self) -> None:
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _proxies(self, direct: bool) -> dict[str, str]:
        if direct:
            return {"no_proxy": "*"}
        return {"http": self._options.proxy, "https": self._options.proxy} if self._options.proxy else {}

    def _pool(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                self._session = _new_session(self._options)
            return self._session


def _new_session(options: HttpOptions) -> requests.Session:
    import http.cookiejar  # noqa: PLC0415 - late, as above

    import requests  # noqa: PLC0415 - late, as above
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - late, as above

    session = requests.Session()
    session.headers.clear()
    adapter = HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # An explicit `auth` keeps requests from putting a ~/.netrc entry in place of the signature.
    session.auth = lambda prepared: prepared
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    if not options.validate_certs:
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    return session


def _prepared(request: Request, credential: Credential | None) -> tuple[str, dict[str, str]]:
    """URL and headers, signed. The algorithm is SDK-HMAC-SHA256 (Huawei: 'AK/SK Signing and Authentication')."""
    from huaweicloudsdkcore.sdk_request import SdkRequest  # noqa: PLC0415 - late: a warm cache imports no SDK
    from huaweicloudsdkcore.signer.signer import Signer  # noqa: PLC0415 - late, as above

    scheme, _, host = request.base_url.partition("://")
    headers = {
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        **request.headers,
    }
    sdk_request: Any = SdkRequest(
        method=request.method,
        schema=scheme,
        host=host,
        resource_path=request.path,
        query_params=list(request.query),
        header_params=headers,
        body=request.body,
    )
    if isinstance(credential, AccessKey):
        if credential.security_token:
            headers["X-Security-Token"] = credential.security_token
        Signer(credential).sign(sdk_request)
    else:
        if isinstance(credential, ProjectToken):
            headers["X-Auth-Token"] = credential.token
        Signer.process_request_uri(sdk_request)
    # Not signed: a proxy on the way may take it out.
    return sdk_request.url, {**sdk_request.header_params, "Accept-Encoding": "gzip"}


def _body(response: requests.Response, end: float) -> bytes:
    """Read to the end, piece by piece as they come: the time of a server that sends drop by drop is over at `end`."""
    from urllib3.exceptions import DecodeError, HTTPError, ReadTimeoutError  # noqa: PLC0415 - late, as above

    pieces = []
    try:
        while piece := response.raw.read1(1 << 16, decode_content=True):
            pieces.append(piece)
            if time.monotonic() > end:
                problem = "The answer was still coming when its time was over."
                break
        else:
            return b"".join(pieces)
    except ReadTimeoutError:
        problem = "The answer stopped on its way."
    except (DecodeError, HTTPError):
        problem = f"The answer was cut off after {sum(map(len, pieces))} bytes."
    if response.status_code >= 400:
        return b"".join(pieces)
    raise TransportError(problem)


def _transport_error(error: requests.RequestException, base_url: str, timeout: float) -> TransportError:
    import requests  # noqa: PLC0415 - late, as above

    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(f"The TLS certificate of {base_url} was not accepted: {_reason(error)}", reached=False)
    if isinstance(error, requests.exceptions.ProxyError):
        return TransportError(f"The proxy on the way to {base_url} did not work.", reached=False)
    if isinstance(error, requests.exceptions.Timeout):
        return TransportError(f"{base_url} did not answer within {timeout:.0f} s.")
    if isinstance(error, requests.exceptions.ConnectionError):
        reason = _reason(error)
        reached = "refused" not in reason and "resolve" not in reason
        return TransportError(f"{base_url} could not be reached: {reason}.", reached=reached)
    return TransportError(f"The request to {base_url} failed: {type(error).__name__}.")


def _reason(error: BaseException) -> str:
    """The innermost reason in a few words; the outer layers quote URLs and object addresses."""
    text = str(error)
    for sign, reason in (
        ("Name or service not known", "the name cannot be resolved"),
        ("Failed to resolve", "the name cannot be resolved"),
        ("Temporary failure in name resolution", "the name cannot be resolved"),
        ("Connection refused", "the connection was refused"),
        ("Network is unreachable", "the network is unreachable"),
        ("No route to host", "there is no route to it"),
        ("Connection aborted", "the connection was closed"),
        ("CERTIFICATE_VERIFY_FAILED", text.rpartition("CERTIFICATE_VERIFY_FAILED] ")[2].partition(" (_ssl")[0] + "."),
    ):
        if sign in text:
            return reason
    return type(error).__name__
