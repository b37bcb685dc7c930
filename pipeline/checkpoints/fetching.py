"""Published checkpoints from where they are published into the weights folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from pipeline.checkpoints.drive import DriveSource, remove_leftovers
from pipeline.checkpoints.http import MAX_BYTES, HttpSource, Report, SourceFailed
from pipeline.checkpoints.manifest import MB, PART_SUFFIX, Checkpoint
from pipeline.checkpoints.verification import verify
from pipeline.errors import WeightsError

ROOM = 1.1  # free space that is asked for, in sizes of the file
STILL_WORKS = (
    "Checkpoints that are here already go on working, and without any the photo look is used."
    " A file from elsewhere comes in with `wearcast weights import FILE`."
)


class Source(Protocol):
    """Somewhere a file comes from."""

    def receive(self, part: Path, report: Report) -> None:
        """Write it to ``part``. Raises ``SourceFailed``."""


class FileSource:
    """A file on this machine or a mounted one.

    Args:
        path: where.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def receive(self, part: Path, report: Report) -> None:
        """Copy it. Raises ``SourceFailed``."""
        try:
            size = self.path.stat().st_size
            if size > MAX_BYTES:
                raise SourceFailed(f"{self.path} is far too large for a checkpoint.")
            shutil.copyfile(self.path, part)
        except OSError as error:
            raise SourceFailed(
                f"{self.path} cannot be read ({error.strerror or error})."
            ) from error
        report(size, size)


def fetch(entry: Checkpoint, folder: Path, report: Report, base: Path | None = None) -> str:
    """Download, verify, and only then give the file its name.

    An interrupted download goes on where it broke. What does not pass verification is deleted.

    Args:
        entry: what to fetch. Showing its licence is the caller's duty.
        folder: where checkpoints are kept.
        report: told how many bytes are here.
        base: folder that ``file:`` sources are relative to; default ``folder``.

    Returns:
        The SHA-256 of the file, hexadecimal.

    Raises:
        WeightsError: no source gave the published file; nothing but an interrupted part is left.
    """
    part = folder / f"{entry.file}{PART_SUFFIX}"
    _check_room(entry, folder)
    problems = []
    for source in (_source(text, entry, base or folder) for text in entry.sources):
        try:
            return _receive(entry, source, part, report)
        except WeightsError as error:
            problems.append(str(error))
    if not problems:
        raise WeightsError(
            f"{entry.name} cannot be downloaded. Ask its authors ({entry.page}), then use"
            " `wearcast weights import FILE`."
        )
    raise WeightsError(f"{entry.name} was not fetched. {' '.join(problems)} {STILL_WORKS}")


def _source(text: str, entry: Checkpoint, base: Path) -> Source:
    kind, _, rest = text.partition(":")
    if kind == "drive":
        return DriveSource(rest, entry.size_bytes)
    if kind == "file":
        return FileSource(base / rest)
    return HttpSource(text, entry.size_bytes)


def _receive(entry: Checkpoint, source: Source, part: Path, report: Report) -> str:
    try:
        source.receive(part, report)
    except OSError as error:
        raise WeightsError(
            f"{part} cannot be written ({error.strerror or error}). Make room, or choose another"
            " folder with --folder."
        ) from error
    try:
        sha256 = verify(part, entry)
        part.replace(entry.path(part.parent))
    except WeightsError as error:
        raise WeightsError(
            f"What came was refused and deleted: {str(error).replace(str(part), entry.file)}"
        ) from error
    finally:
        remove_leftovers(part)
    return sha256


def _check_room(entry: Checkpoint, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise WeightsError(
            f"{folder} cannot be used as a folder ({error.strerror or error}). Choose another with"
            " --folder."
        ) from error
    needed = (entry.size_mb or 0) * MB * ROOM
    if free < needed:
        raise WeightsError(
            f"{folder} has room for {free / MB:.0f} MB; {entry.name} needs {needed / MB:.0f} MB."
        )
