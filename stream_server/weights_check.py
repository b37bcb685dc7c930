"""Which checkpoints are here, whole or damaged, and what they may be used for."""

from __future__ import annotations

from pathlib import Path

from pipeline.checkpoints.manifest import FOLDER, MANIFEST, Checkpoint, State, load_manifest
from pipeline.errors import WeightsError
from stream_server.finding import Finding, Outcome

NONE = (
    "No checkpoint is here. The photo look needs none; `wearcast weights list` shows which there"
    " are."
)


def examine_weights(
    *, commercial: bool, folder: Path = FOLDER, manifest: Path = MANIFEST
) -> list[Finding]:
    """A finding for each checkpoint that is here, whole or in part, or one that none is.

    Reads each file once and loads it without memory for it: seconds for each.

    Args:
        commercial: the setting that leaves alone what may not be used commercially.
        folder, manifest: where checkpoints are, and the list of those there are.
    """
    here = [
        entry
        for entry in load_manifest(manifest).values()
        if entry.state(folder) is not State.MISSING
    ]
    if not here:
        return [Finding("weights", "ok", NONE)]
    return [_examine(entry, folder, commercial) for entry in here]


def _examine(entry: Checkpoint, folder: Path, commercial: bool) -> Finding:
    again = f"Fetch it again with `wearcast weights fetch {entry.name}`, or remove it."
    if entry.state(folder) is State.PARTIAL:
        return _note(
            f"{entry.name}: the download was interrupted and is not used."
            f" `wearcast weights fetch {entry.name}` goes on with it."
        )
    try:
        sure = _verified(entry, folder)
    except WeightsError as error:
        why = str(error).removesuffix(" Download it again.")
        return _note(f"{entry.name} is damaged and is not used: {why} {again}")
    licence = f"Licence: {entry.licence}."
    if entry.commercial:
        return Finding(
            "weights", "ok", f"{entry.name}: {sure}; commercial use is allowed. {licence}"
        )
    if commercial:
        return _note(f"{entry.name}: {sure}, but left alone because of --commercial. {licence}")
    return _note(
        f"{entry.name}: {sure}, but not for commercial use. {licence} Serve with --commercial, or"
        " remove it, if your use is commercial."
    )


def _verified(entry: Checkpoint, folder: Path) -> str:
    from pipeline.checkpoints.verification import verify

    verify(entry.path(folder), entry)
    return "verified" if entry.sha256 else "fits its network (no hash is published)"


def _note(message: str) -> Finding:
    outcome: Outcome = "note"
    return Finding("weights", outcome, message)
