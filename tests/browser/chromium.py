"""A headless Chromium, driven over its DevTools pipe: no port is opened, no driver program is needed.

Protocol: https://chromedevtools.github.io/devtools-protocol/, messages are JSON ended by a NUL byte
(`--remote-debugging-pipe`: Chromium reads file descriptor 3 and writes 4).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

TIMEOUT_S = 60.0
MISSING = (
    "Chromium is needed for this test and is not installed: apt-get install chromium fonts-inter (make setup does it)."
)
ARGUMENTS = [
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--disable-quic",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-pings",
    "--remote-debugging-pipe",
]
# No name or address but loopback can be reached, whatever the browser itself would like to ask.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class ChromiumError(Exception):
    """The browser is missing, died or did not answer. The message is one sentence."""


class Chromium:
    """One browser with one page. Use as a context manager; it ends the browser and removes its profile."""

    def __init__(self) -> None:
        program = shutil.which("chromium")
        if program is None:
            raise ChromiumError(MISSING)
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        arguments = [program, *ARGUMENTS, OFFLINE, f"--user-data-dir={self._profile}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to be root with one
        self._pid, self._read, self._write = _spawn(arguments, Path(self._profile) / "stderr.log")
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Chromium:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        with contextlib.suppress(ChromiumError, OSError):
            self.call("Browser.close")  # ends its helpers too, so that nobody writes to the profile any more
            while os.read(self._read, 1 << 16):
                pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a DevTools command. Raises ChromiumError when it is refused or not answered in time."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT_S
        while (answer := self._receive(deadline)).get("id") != self._number:
            self.events.append(answer)
        if "error" in answer:
            raise ChromiumError(f"Chromium refused {method}: {answer['error']['message']}.")
        result: dict[str, Any] = answer["result"]
        return result

    def open(
        self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False, media: str = "screen"
    ) -> None:
        """Shows the file in a window of that many CSS pixels and waits until it is loaded."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call("Page.navigate", url=page.resolve().as_uri())
        deadline = time.monotonic() + TIMEOUT_S
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive(deadline))

    def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression in the page (the page's own policy does not bind the debugger)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise ChromiumError(f"The page threw: {answer['exceptionDetails']['exception'].get('description', '?')}")
        return answer["result"].get("value")

    def screenshot(self, to: Path, *, whole: bool = True) -> None:
        """A picture of the window, or of the whole page; its format (png, webp) by the file's name."""
        shot = self.call("Page.captureScreenshot", format=to.suffix[1:], captureBeyondViewport=whole)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(base64.b64decode(shot["data"]))

    def requests(self) -> list[str]:
        """The addresses that the page asked for since it was opened, its own among them."""
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the browser wrote to its console since the page was opened."""
        return [e["params"]["entry"]["text"] for e in self.events if e.get("method") == "Log.entryAdded"]

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise ChromiumError(f"Chromium did not answer within {TIMEOUT_S:.0f} s.")
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise ChromiumError(f"Chromium ended: {(Path(self._profile) / 'stderr.log').read_text()[-500:]}")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        parsed: dict[str, Any] = json.loads(message)
        return parsed


def _spawn(arguments: list[str], log: Path) -> tuple[int, int, int]:
    """Starts a program in its own process group with pipes at 3 and 4: (pid, what to read, what to write)."""
    theirs_in, ours_out = _pipe()
    ours_in, theirs_out = _pipe()
    pid = os.posix_spawn(
        arguments[0],
        arguments,
        {**os.environ, "TMPDIR": str(log.parent)},  # what it leaves there goes with its profile
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, theirs_in, 3),
            (os.POSIX_SPAWN_DUP2, theirs_out, 4),
        ],
        setpgroup=0,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    return pid, ours_in, ours_out


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are above 4, where the child's own will be."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]
