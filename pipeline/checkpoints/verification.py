"""Is a file the checkpoint that was published? By size, hash, and a strict load."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import torch

from pipeline.checkpoints.manifest import Checkpoint, Manifest
from pipeline.errors import WeightsError
from pipeline.networks.build import build_network
from pipeline.weights import FILE_NAMES, file_sha256, identify, load_state_dict, read_state_dict


def verify(path: Path, entry: Checkpoint) -> str:
    """Check everything that is known about a checkpoint.

    Args:
        path: the file, under whatever name.
        entry: what it should be.

    Returns:
        The SHA-256 of the file, hexadecimal.

    Raises:
        WeightsError: it is missing, cut off, another file, holds more than numbers, or does not
            fit its network.
    """
    found = _size_of(path)
    if entry.size_bytes is not None and found != entry.size_bytes:
        what = "cut off" if found < entry.size_bytes else "not the file that was published"
        raise WeightsError(
            f"{path} is {what}: it has {found:,} bytes, {entry.name} has {entry.size_bytes:,}."
            " Download it again."
        )
    sha256 = hash_of(path)
    if entry.sha256 and sha256 not in entry.sha256:
        raise WeightsError(
            f"{path} is not the {entry.name} that was published: its SHA-256 is another one"
            f" ({sha256}). Download it again."
        )
    if entry.network:
        check_fit(path, entry.network)
    return sha256


def check_fit(path: Path, network: str) -> None:
    """Load a file strictly into its network, without memory for the network.

    Raises:
        WeightsError: as ``pipeline.weights.load_state_dict``.
    """
    with torch.device("meta"):  # names and shapes only: nothing is allocated
        shell = build_network(network)
    with warnings.catch_warnings():  # about values that go nowhere, which is what is wanted
        warnings.filterwarnings("ignore", message=".*no-op.*")
        load_state_dict(path, shell)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal. Raises ``WeightsError`` when it cannot be read."""
    try:
        return file_sha256(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(f"{path} cannot be read ({error.strerror or error}). Check the path.")


def recognise(path: Path, manifest: Manifest) -> Checkpoint:
    """Which checkpoint a file is: by its hash, else by the names and shapes of its tensors.

    Raises:
        WeightsError: it is none, it fits a published one but is not it, or it could be several.
    """
    sha256 = hash_of(path)
    for entry in manifest.values():
        if sha256 in (*entry.sha256, entry.sha256_seen):
            return entry
    networks = identify(read_state_dict(path))
    fitting = [entry for entry in manifest.values() if entry.network in networks]
    if not fitting:
        raise WeightsError(
            f"{path} is a checkpoint of a network that is not known here."
            f" Known are {', '.join(FILE_NAMES)}."
        )
    possible = [entry for entry in fitting if not entry.sha256]
    if not possible:
        raise WeightsError(
            f"{path} fits {_names(fitting)} but is not the file that was published: its SHA-256"
            f" is another one ({sha256}). Download it again; if you trained or converted it"
            " yourself, say so with --as NAME --unpublished."
        )
    named = [entry for entry in possible if entry.file == path.name]
    if len(possible) > 1 and len(named) != 1:
        raise WeightsError(
            f"{path} could be {_names(possible)}: their tensors have the same names and shapes."
            " Say which with --as NAME."
        )
    return (named or possible)[0]


def _names(entries: Iterable[Checkpoint]) -> str:
    return " or ".join(entry.name for entry in entries)
