"""Holds ports open for a moment, so that other hosts can try them before anything runs there; and tries them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from .seats import OPEN, REFUSED, SILENT

# The process's name (proc(5), comm: at most 15 characters), by which a later run finds what is left of this one.
NAME = "preflight-ports"


def hold_open(address: str, ports: Iterable[int], callers: Iterable[str], seconds: float) -> list[int]:
    """Listen on these ports in a process of its own until every caller has called each, at most ``seconds``.

    Returns the ports held. Those that cannot be bound are left out. Without callers nothing is held.
    """
    waiting_for = set(callers)
    if not waiting_for:
        return []
    sockets = {port: bound for port in ports if (bound := _bound(address, port)) is not None}
    if sockets:
        child = os.fork()
        if not child:
            _serve_alone(sockets, waiting_for, seconds)
        os.waitpid(child, 0)
    for each in sockets.values():
        each.close()
    return sorted(sockets)


def stop_leftovers() -> None:
    """End the processes of an earlier preflight: a port they hold is free.

    Those in containers of this host are on networks of their own, and not ours.
    """
    ended = []
    network = Path("/proc/self/ns/net").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text().strip() == NAME and (process / "ns/net").readlink() == network:
                os.kill(int(process.name), signal.SIGKILL)
                ended.append(process)
    end = time.monotonic() + 1
    while any(process.exists() for process in ended) and time.monotonic() < end:
        time.sleep(0.01)


def call(address: str, port: int, me: str, timeout: float) -> str:
    """OPEN, SILENT, REFUSED, or the system's words for why ``address`` cannot be reached.

    ``me`` is said to a listener of hold_open; empty to a member, which would not understand it.
    """
    try:
        with socket.create_connection((address, port), timeout) as connection:
            connection.sendall(f"{me}\n".encode() if me else b"")
            return OPEN
    except socket.timeout:  # noqa: UP041 - another class than TimeoutError in Python 3.9
        return SILENT
    except ConnectionRefusedError:
        return REFUSED
    except OSError as error:
        return error.strerror or str(error)


def _bound(address: str, port: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener


def _serve_alone(sockets: dict[int, socket.socket], callers: set[str], seconds: float) -> None:
    """The child: never returns. Detached, so that neither Ansible nor sshd waits for it."""
    try:
        os.setsid()
        # Before the grandchild, which has it from here: whoever looks for it by name finds it.
        Path("/proc/self/comm").write_text(NAME)
        if os.fork():
            os._exit(0)
        keep = {each.fileno() for each in sockets.values()}
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - their numbers are what is wanted
            with contextlib.suppress(OSError):
                if descriptor <= 2:
                    os.dup2(null, descriptor)
                elif descriptor not in keep:
                    os.close(descriptor)
        serve(sockets, callers, seconds)
    finally:
        os._exit(0)


def serve(sockets: dict[int, socket.socket], callers: set[str], seconds: float) -> None:
    """Accept until each of ``callers`` has said its name on every port, or ``seconds`` are over."""
    awaited = {(port, name) for port in sockets for name in callers}
    port_of = {each: port for port, each in sockets.items()}
    end = time.monotonic() + seconds
    while awaited and (left := end - time.monotonic()) > 0:
        for ready in select.select(list(port_of), [], [], left)[0]:
            with contextlib.suppress(OSError):
                connection, _ = ready.accept()
                with connection:
                    connection.settimeout(1)
                    name = connection.recv(256).decode(errors="replace").strip()
                awaited.discard((port_of[ready], name))
