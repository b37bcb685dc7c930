"""Which checkpoints the neural look needs, and whether they are here. Does not import torch."""

from __future__ import annotations

from pathlib import Path

from pipeline.checkpoints.manifest import FOLDER, MANIFEST, State, find, load_manifest

NEEDED = ("schp_cihp", "viton_seg", "viton_gmm", "viton_alias")
ABSENT = (State.MISSING, State.PARTIAL)


def missing_weights(folder: Path = FOLDER, manifest: Path = MANIFEST) -> tuple[str, ...]:
    """Names of the checkpoints that the neural look needs and that are not in ``folder``."""
    known = load_manifest(manifest)
    return tuple(name for name in NEEDED if find(name, known).state(folder) in ABSENT)


def forbidden_weights(manifest: Path = MANIFEST) -> tuple[str, ...]:
    """Those of the needed checkpoints whose licence does not allow commercial use."""
    known = load_manifest(manifest)
    return tuple(name for name in NEEDED if not find(name, known).commercial)


def what_to_do(missing: tuple[str, ...], folder: Path = FOLDER) -> str:
    """Two sentences for somebody who wants the neural look."""
    return (
        f"The neural look needs weights that are not in {folder}: {', '.join(missing)}."
        f" Get them with `wearcast weights fetch {' '.join(missing)}`, or, if you have the"
        " files, with `wearcast weights import FILE`."
    )
