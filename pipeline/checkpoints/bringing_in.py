"""Files that somebody already has, into the weights folder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from pipeline.checkpoints.manifest import (
    PART_SUFFIX,
    Checkpoint,
    Manifest,
    check_commercial,
    find,
)
from pipeline.checkpoints.verification import recognise, verify
from pipeline.errors import WeightsError
from pipeline.weights import HASH_BLOCK


def bring_in(
    path: Path,
    manifest: Manifest,
    folder: Path,
    *,
    name: str | None = None,
    unpublished: bool = False,
    commercial: bool = False,
) -> tuple[Checkpoint, Path]:
    """Check a file and copy it under its published name, all of it or nothing.

    Args:
        path: the file.
        manifest: the checkpoints it could be.
        folder: where checkpoints are kept.
        name: which of them it is; None to find out.
        unpublished: accept one that fits but is not the published file; ``name`` must be given.
        commercial: refuse what may not be used commercially.

    Returns:
        What it is, and where it is now.

    Raises:
        WeightsError: it is not a checkpoint that may come in; nothing was changed.
    """
    if unpublished and name is None:
        raise WeightsError("--unpublished needs --as NAME: which network is the file for?")
    entry = find(name, manifest) if name is not None else recognise(path, manifest)
    if commercial:
        check_commercial(entry)
    known = replace(entry, size_bytes=None, sha256=()) if unpublished else entry
    if unpublished and not entry.network:
        raise WeightsError(f"{entry.name} is not loaded here, so only its published file is known.")
    sha256 = verify(path, known)
    _check_not_another(path, sha256, entry, manifest)
    target = entry.path(folder)
    if not (target.exists() and target.samefile(path)):
        _copy(path, target, sha256)
    return entry, target


def _check_not_another(path: Path, sha256: str, entry: Checkpoint, manifest: Manifest) -> None:
    """The LIP and CIHP parsers fit each other's network, but mean other parts of the body."""
    for other in manifest.values():
        if sha256 in other.sha256 and sha256 not in entry.sha256:
            raise WeightsError(f"{path} is the published {other.name}, not {entry.name}.")


def _copy(path: Path, target: Path, sha256: str) -> None:
    """Copy through a hidden-away name, so that nobody ever reads half a file."""
    part = target.with_name(f"{target.name}.import{PART_SUFFIX}")
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as source, part.open("wb") as copy:
            while block := source.read(HASH_BLOCK):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != sha256:
            raise WeightsError(f"{path} changed while it was read. Try again.")
        part.replace(target)
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be written ({error.strerror or error}). Make room, or choose another"
            " folder with --folder."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def locate(network: str, manifest: Manifest, folder: Path, *, commercial: bool = False) -> Path:
    """The file with a network's weights.

    Raises:
        WeightsError: it is not here, or not allowed; the message says what to do.
    """
    entry = find(network, manifest)
    if commercial:
        check_commercial(entry)
    if entry.path(folder).is_file():
        return entry.path(folder)
    raise WeightsError(
        f"The weights {entry.name} ({entry.file}) are not in {folder}. Get them with"
        f" `wearcast weights fetch {entry.name}`, or, if you have the file, with"
        " `wearcast weights import FILE`."
    )
