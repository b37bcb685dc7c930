"""Which checkpoints are published, where, under which licence, and which of them are here.

Reads ``weights/manifest.toml``. Imports neither torch nor anything that reaches the network, so
that a list of checkpoints answers at once.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pipeline.errors import WeightsError

FOLDER = Path(__file__).parents[2] / "weights"
MANIFEST = FOLDER / "manifest.toml"
PART_SUFFIX = ".part"  # of a file that is still on its way

REQUIRED: Mapping[str, type | tuple[type, ...]] = {
    "file": str,
    "purpose": str,
    "sources": list,
    "licence": str,
    "commercial": bool,
}
OPTIONAL: Mapping[str, type | tuple[type, ...]] = {
    "network": str,
    "size_bytes": int,
    "about_mb": (int, float),
    "sha256": list,
    "sha256_seen": str,
    "page": str,
}
SHA256 = re.compile(r"[0-9a-f]{64}")
PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")  # neither hidden nor in another folder
DRIVE_ID = re.compile(r"[\w-]{10,}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # may serve without TLS
MB = 1_000_000


class State(StrEnum):
    """What is known of a checkpoint's file without reading it."""

    PRESENT = "present"
    PARTIAL = "partial"  # a download was interrupted
    OTHER_SIZE = "other size"  # than the published one: cut off, or somebody's own
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One published file.

    Attributes:
        name: how users call it.
        file: its name in the weights folder.
        purpose: what it is for, in a few words.
        sources: ``https://…``, ``drive:ID`` or ``file:PATH``, the preferred one first.
        licence: of the weights, as far as it is stated.
        commercial: commercial use is stated to be allowed.
        network: name for ``build_network``; empty when nothing here loads it.
        size_bytes: exact size, when known.
        about_mb: rough size for people, when that is all that is known.
        sha256: accepted hashes; empty when none is published.
        sha256_seen: an unconfirmed hash, which recognises a file but refuses none.
        page: where the authors publish it.
    """

    name: str
    file: str
    purpose: str
    sources: tuple[str, ...]
    licence: str
    commercial: bool
    network: str = ""
    size_bytes: int | None = None
    about_mb: float | None = None
    sha256: tuple[str, ...] = ()
    sha256_seen: str = ""
    page: str = ""

    @property
    def size_mb(self) -> float | None:
        """Size for people, in megabytes; None when nobody says."""
        return self.size_bytes / MB if self.size_bytes is not None else self.about_mb

    def path(self, folder: Path) -> Path:
        """Where it is kept."""
        return folder / self.file

    def state(self, folder: Path) -> State:
        """Whether it is here, judged by name and size alone."""
        path = self.path(folder)
        if not path.is_file():
            partial = any(folder.glob(f"{self.file}*{PART_SUFFIX}"))
            return State.PARTIAL if partial else State.MISSING
        if self.size_bytes is not None and path.stat().st_size != self.size_bytes:
            return State.OTHER_SIZE
        return State.PRESENT


Manifest = Mapping[str, Checkpoint]


def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read a manifest.

    Raises:
        WeightsError: it is missing or says something that is not understood.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WeightsError(
            f"{path}, the list of checkpoints, cannot be read ({error.strerror or error})."
            " Name another with --manifest."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} is no TOML file: {error}.") from error
    entries = {name: _entry(name, table, path) for name, table in tables.items()}
    files = [entry.file for entry in entries.values()]
    for file in files:
        if files.count(file) > 1:
            raise WeightsError(f"{path}: two checkpoints are called {file}.")
    return entries


def _entry(name: str, table: object, path: Path) -> Checkpoint:
    where = f"{path}, [{name}]"
    if not isinstance(table, dict):
        raise WeightsError(f"{where}: a table was expected.")
    for key, value in table.items():
        kind = REQUIRED.get(key) or OPTIONAL.get(key)
        if kind is None:
            raise WeightsError(f"{where}: {key} is not known.")
        if not isinstance(value, kind):
            raise WeightsError(f"{where}: {key} has a value of the wrong kind.")
    missing = REQUIRED.keys() - table.keys()
    if missing:
        raise WeightsError(f"{where}: {', '.join(sorted(missing))} missing.")
    if not PLAIN_NAME.fullmatch(table["file"]) or table["file"].endswith(PART_SUFFIX):
        raise WeightsError(f"{where}: {table['file']!r} is no plain file name.")
    for source in table["sources"]:
        if not (isinstance(source, str) and is_source(source)):
            raise WeightsError(f"{where}: {source!r} is no https://, drive: or file: source.")
    sha256 = table.get("sha256", [])
    for value in (*sha256, *filter(None, [table.get("sha256_seen")])):
        if not (isinstance(value, str) and SHA256.fullmatch(value)):
            raise WeightsError(f"{where}: {value!r} is no SHA-256.")
    lists = {"sources": tuple(table["sources"]), "sha256": tuple(sha256)}
    return Checkpoint(name=name, **{**table, **lists})


def is_source(source: str) -> bool:
    """Whether a manifest may name it."""
    kind, _, rest = source.partition(":")
    if kind == "drive":
        return DRIVE_ID.fullmatch(rest) is not None
    if kind == "file":
        return bool(PurePosixPath(rest).name)
    return is_safe_url(source)


def is_safe_url(url: str) -> bool:
    """Whether what comes from there cannot be changed on its way: TLS, or this very machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def find(name: str, manifest: Manifest) -> Checkpoint:
    """The checkpoint called so, by its name or its file name.

    Raises:
        WeightsError: there is none; the message lists those there are.
    """
    for entry in manifest.values():
        if name in (entry.name, entry.file):
            return entry
    close = difflib.get_close_matches(name, manifest, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise WeightsError(
        f"There is no checkpoint called {name!r}.{hint} Known are {', '.join(manifest)}."
    )


def check_commercial(entry: Checkpoint) -> None:
    """Refuse what nobody states to be free for commercial use.

    Raises:
        WeightsError: the licence does not say so; the message quotes it.
    """
    if not entry.commercial:
        raise WeightsError(
            f"{entry.name} may not be used commercially (licence: {entry.licence})."
            " Everything but what needs it goes on working with --commercial."
        )
