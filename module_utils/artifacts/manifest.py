"""What artifacts.yml says, as data: entries, file names, mirror addresses, and the pom that fetches many at once."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

SOURCES = ("maven", "url", "path", "built")
# Pinned, so that the same pom does the same thing on every machine.
DEPENDENCY_PLUGIN = "3.6.1"


class ManifestError(Exception):
    """artifacts.yml does not say what it should. The message is one sentence for a person."""


@dataclass(frozen=True)
class Coordinates:
    """A jar in a Maven repository."""

    group: str
    artifact: str
    version: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def repository_path(self) -> str:
        """Where the file lies in Maven's repository layout (``g/r/o/u/p/artifact/version/file``)."""
        return posixpath.join(*self.group.split("."), self.artifact, self.version, self.file_name)


@dataclass(frozen=True)
class Entry:
    """One artifact in one version; ``source`` is one of SOURCES, ``sha256`` is None only for what is built here."""

    name: str
    version: str
    source: str
    where: str
    sha256: str | None

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def coordinates(self) -> Coordinates:
        return Coordinates(*self.where.split(":"))

    @property
    def file_name(self) -> str:
        if self.source == "maven":
            return self.coordinates.file_name
        return posixpath.basename(urlsplit(self.where).path if self.source == "url" else self.where)


def find(catalog: dict[str, Any], name: str, version: str) -> Entry:
    """Look one artifact up in ``catalog`` (the mapping ``artifacts`` of artifacts.yml).

    Raises ManifestError when it is not there or not usable.
    """
    versions = catalog.get(name)
    if not versions:
        raise ManifestError(f"artifacts.yml knows no {name!r}; it has: {', '.join(sorted(catalog))}.")
    if version not in versions:
        raise ManifestError(
            f"artifacts.yml has {name} in {', '.join(sorted(versions))}, not in {version}: "
            f"add that version with its coordinates and sha256, or choose one of these."
        )
    fields = versions[version]
    sources = [source for source in SOURCES if fields.get(source)]
    if len(sources) != 1:
        raise ManifestError(f"{name} {version} in artifacts.yml needs exactly one of {', '.join(SOURCES)}.")
    entry = Entry(name, version, sources[0], fields[sources[0]], fields.get("sha256"))
    if entry.source == "maven" and len(entry.where.split(":")) != 3:
        raise ManifestError(f"{entry.label} in artifacts.yml: {entry.where!r} is not group:artifact:version.")
    if entry.source != "built" and not re.fullmatch(r"[0-9a-f]{64}", entry.sha256 or ""):
        raise ManifestError(f"{entry.label} in artifacts.yml needs its sha256, 64 hexadecimal digits.")
    return entry


def mirror_url(base_url: str, coordinates: Coordinates) -> str:
    return f"{base_url.rstrip('/')}/{coordinates.repository_path}"


def pom(wanted: list[Coordinates]) -> str:
    """A pom whose ``dependency:copy`` copies all of ``wanted`` (no transitive ones, several versions of one jar)."""
    items = "".join(
        "<artifactItem>"
        f"<groupId>{escape(each.group)}</groupId>"
        f"<artifactId>{escape(each.artifact)}</artifactId>"
        f"<version>{escape(each.version)}</version>"
        "</artifactItem>"
        for each in wanted
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>ecs-cluster-kit</groupId><artifactId>artifacts</artifactId><version>1</version>"
        "<packaging>pom</packaging><build><plugins><plugin>"
        "<groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>"
        f"<version>{DEPENDENCY_PLUGIN}</version>"
        f"<configuration><artifactItems>{items}</artifactItems></configuration>"
        "</plugin></plugins></build></project>\n"
    )
