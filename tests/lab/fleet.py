"""Hazelcast members as somebody without Ansible runs them: Java, the jars, one hazelcast.xml for all, no site.yml."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import ansible.module_utils
import yaml

from lab import process
from lab.commands import find, ssh
from lab.control import Control
from lab.customer import ServerView
from lab.workspace import PROJECT
from tests.lab import views
from tests.lab.hazelcast_file import FIRST_PORT, HazelcastFile
from tests.lab.views import View
from tests.lab.world import World

PLAN = PROJECT / "tests" / "lab" / "plans" / "discovery.yml"
HOME = "/home/hazelcast-5.3.1"
LOGS = "/var/log/hazelcast"
JARS = (("hazelcast", "5.3.1"), ("cache-api", "1.1.1"), ("ecs-discovery", "0.1.0"))
INSTALL_JDK = (
    "apt-get -qq update && DEBIAN_FRONTEND=noninteractive "
    "apt-get -qqy install --no-install-recommends openjdk-11-jre-headless"
)
JDK_FILES = "/usr/lib/jvm /etc/java-11-openjdk /usr/bin/java /etc/alternatives/java"
# Small and quick to start; --add-opens and friends are what Hazelcast asks for on modular JDKs.
JAVA = (
    "java -Xmx{heap}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true "
    "-Dhazelcast.config={config}.xml -Djava.util.logging.config.file={config}.logging "
    "--add-modules=java.se --add-exports=java.base/jdk.internal.ref=ALL-UNNAMED "
    "--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED "
    "--add-opens=java.management/sun.management=ALL-UNNAMED "
    "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED "
    f"-cp {HOME}/lib/*:{HOME}/bin/user-lib/* com.hazelcast.core.server.HazelcastMemberStarter"
)
LOGGING = """handlers=java.util.logging.ConsoleHandler
.level={level}
java.util.logging.ConsoleHandler.level=FINEST
java.util.logging.ConsoleHandler.formatter=java.util.logging.SimpleFormatter
java.util.logging.SimpleFormatter.format=%1$tT.%1$tL %4$s %5$s%6$s%n
"""
T = TypeVar("T")
JOIN_SECONDS = 120.0


@dataclass(frozen=True)
class Member:
    """One started Java process: its host and its systemd unit, after which its log is named."""

    host: str
    unit: str


class Fleet:
    """The hosts of plans/discovery.yml, ready to run members, and the members that were started last."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ways: dict[str, list[str]] = {}
        self._started = 0

    def up(self) -> None:
        """Have the hosts, and on each Java and the jars: the JDK is installed on one host and copied to the others."""
        self.world.up(PLAN)
        every = find.every(self.world.settings)
        self.servers: dict[str, ServerView] = {one.server.name: one.server for one in every}
        for one in every:
            way = ssh.way(self.world.workspace, self.world.settings, every, one)
            # Commands by the hundred: one connection for each host.
            shared = [f"ControlPath={self.world.workspace.directory}/ssh-{one.server.name}", "ControlMaster=auto"]
            options = [*shared, "ControlPersist=60", "BatchMode=yes"]
            self._ways[one.server.name] = [way[0], *(word for each in options for word in ("-o", each)), *way[1:]]
        first, *others = self.servers
        self.ssh(first, INSTALL_JDK)
        jdk = self._run(first, f"tar cf - {JDK_FILES}")
        jars = _jars()
        self.on_all(others, lambda host: self._run(host, "tar xf - -C /", jdk))
        unpack = f"mkdir -p {HOME}/config {LOGS} && tar xf - -C {HOME}"
        self.on_all(self.servers, lambda host: self._run(host, unpack, jars))

    # --- hosts --------------------------------------------------------------------------------------------------------

    def ssh(self, host: str, command: str, text: str = "") -> str:
        """Run a shell command as root with `text` as its input; returns its output, both streams."""
        return self._run(host, f"{{ {command}; }} 2>&1", text.encode()).decode(errors="replace").strip()

    def on_all(self, hosts: Mapping[str, object] | list[str], do: Callable[[str], T]) -> dict[str, T]:
        """Do something for several hosts side by side."""
        with ThreadPoolExecutor(8) as pool:
            return dict(zip(hosts, pool.map(do, hosts), strict=True))

    @property
    def control(self) -> Control:
        return Control(self.world.workspace.directory)

    @contextlib.contextmanager
    def api_down(self) -> Iterator[None]:
        """No process answers for ECS, IAM and metadata: connections are refused."""
        process.stop(self.world.workspace)
        try:
            yield
        finally:
            process.start(self.world.workspace, self.world.settings)

    # --- members ------------------------------------------------------------------------------------------------------

    def start(
        self,
        file: HazelcastFile,
        places: Mapping[str, int],
        *,
        level: str = "INFO",
        heap: int = 128,
        in_seconds: float = 0.0,
        unit_options: str = "",
    ) -> list[Member]:
        """Start so many members on each host, all at one instant `in_seconds` from now (0: as soon as may be)."""
        self._started += 1
        config = f"{HOME}/config/{self._started}"
        members = [Member(host, f"hz-{self._started}-{n + 1}") for host, count in places.items() for n in range(count)]
        java = JAVA.format(heap=heap, config=config)
        instant = time.time() + in_seconds
        wait = f"python3 -c 'import time; time.sleep(max(0, {instant} - time.time()))'"
        command = shlex.quote(f"{wait}; exec {java}" if in_seconds else f"exec {java}")

        def run(host: str) -> str:
            units = (member.unit for member in members if member.host == host)
            started = "; ".join(
                f"systemd-run --quiet --unit={unit} -p StandardOutput=append:{LOGS}/{unit}.log "
                f"-p StandardError=append:{LOGS}/{unit}.log {unit_options} sh -c {command}"
                for unit in units
            )
            logging = f"printf %s {shlex.quote(LOGGING.format(level=level))} > {config}.logging"
            return self.ssh(host, f"cat > {config}.xml && {logging} && {{ {started}; }}", file.text())

        self.on_all(dict(places), run)
        return members

    def stop(self, *hosts: str) -> None:
        """Kill the members of these hosts, or of all, without a word to the others."""
        kill = "systemctl kill -s KILL 'hz-*'; systemctl stop 'hz-*'; systemctl reset-failed; true"
        self.on_all(list(hosts or self.servers), lambda host: self.ssh(host, kill))

    def ends(self, member: Member, seconds: float = JOIN_SECONDS) -> str:
        """Wait until the member has ended; returns its log."""
        ask = f"systemctl is-active {member.unit} || true"
        self.until(lambda: self.ssh(member.host, ask) != "active", f"{member} has ended", seconds)
        return self.log(member)

    def log(self, member: Member) -> str:
        return self.ssh(member.host, f"cat {LOGS}/{member.unit}.log")

    def addresses(self, places: Mapping[str, int]) -> frozenset[str]:
        """IP:PORT of so many members on each host, which listen on 5701 and the ports after it."""
        each = ((self.servers[host].address, n) for host, count in places.items() for n in range(count))
        return frozenset(f"{ip}:{FIRST_PORT + n}" for ip, n in each)

    def forms(self, *clusters: Mapping[str, int], seconds: float = JOIN_SECONDS) -> float:
        """Wait until every member of each of these clusters sees exactly that cluster; returns the seconds it took."""
        wanted = {address: View(True, members) for members in map(self.addresses, clusters) for address in members}
        begun, seen = time.monotonic(), {}
        while (seen := views.ask_all(wanted)) != wanted:
            took = time.monotonic() - begun
            assert took < seconds, f"after {took:.0f} s the members see {seen}, not {wanted}"
            time.sleep(0.2)
        return time.monotonic() - begun

    def count(self, member: Member, text: str) -> int:
        """How many lines of the member's log hold the text."""
        return int(self.ssh(member.host, f"grep -cF {shlex.quote(text)} {LOGS}/{member.unit}.log || true"))

    def says(self, members: list[Member], text: str, seconds: float = 60.0) -> None:
        """Wait until the log of each of these members holds the text."""
        silent = list(members)

        def said() -> bool:
            silent[:] = [member for member in silent if not self.count(member, text)]
            return not silent

        self.until(said, f"'{text}' is in the logs of {silent}", seconds)

    def until(self, done: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
            time.sleep(0.3)

    def _run(self, host: str, command: str, sent: bytes = b"") -> bytes:
        done = subprocess.run([*self._ways[host], command], input=sent, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, f"`{command}` on {host}: {done.stdout[-800:]!r} {done.stderr[-800:]!r}"
        return done.stdout


def _jars() -> bytes:
    """lib/ and bin/user-lib/ of a Hazelcast home as a tar, from the artifact cache that the roles fill."""
    if (folder := str(PROJECT / "module_utils")) not in ansible.module_utils.__path__:
        ansible.module_utils.__path__.append(folder)
    from library import artifact_fetch

    catalog = yaml.safe_load((PROJECT / "artifacts.yml").read_text())["artifacts"]
    wanted = [{"name": name, "version": version} for name, version in JARS]
    cache = {"root": PROJECT, "cache": PROJECT / ".state" / "artifacts", "base_url": "", "maven": "mvn"}
    files = artifact_fetch.run({"wanted": wanted, "catalog": catalog, **cache}, False)["files"]
    sources = [files[f"{name} {version}"]["src"] for name, version in JARS]
    transform = ["--transform=s,.*/ecs-discovery,bin/user-lib/ecs-discovery,", "--transform=s,^[^b].*/,lib/,"]
    return subprocess.run(["tar", "cf", "-", "-P", *transform, *sources], capture_output=True, check=True).stdout
