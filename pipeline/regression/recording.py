"""What a run leaves behind: numbers of every frame, small pictures of some, and its facts.

A recording is a folder of four files:

    baseline.json   facts, versions, reasons, speeds
    tracks.npz      numbers of every frame, quantised and packed
    frames.webp     reference pictures, lossless, as one sheet; these are compared
    film.webp       more and smaller pictures, lossy, as one sheet; these are looked at
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from pipeline.errors import InputError
from pipeline.regression.calibration import StageSpeed
from pipeline.regression.measure import FrameMeasures

FORMAT = 1
FACTS, TRACKS, FRAMES, FILM = "baseline.json", "tracks.npz", "frames.webp", "film.webp"
STEPS_PER_PX = 16  # points are kept to a sixteenth of a pixel
NOWHERE = np.int32(-(2**31))  # stands for not-a-number among quantised points
SHEET_COLUMNS = 4
# exact: colours under a clear mask are kept too
LOSSLESS: Mapping[str, Any] = {"lossless": True, "exact": True, "quality": 100, "method": 4}
LOSSY: Mapping[str, Any] = {"quality": 45, "alpha_quality": 60, "method": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Numbers of n frames; names, units and shapes as in ``FrameMeasures``, one more axis."""

    time_s: NDArray[np.float64]
    opacity: NDArray[np.float32]
    landmarks_px: NDArray[np.float32]
    vertices_px: NDArray[np.float32]
    area: NDArray[np.float32]
    centroid_px: NDArray[np.float32]
    lab: NDArray[np.float32]
    outside_px: NDArray[np.int32]
    face: NDArray[np.float32]
    limbs: NDArray[np.float32]
    cells: NDArray[np.float32]
    cover: NDArray[np.float32]
    warp_delta_e: NDArray[np.float32]


POINTS = ("landmarks_px", "vertices_px")
_PACKED = {"cells": np.float16, "cover": np.float16}


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Small pictures of some frames.

    Attributes:
        rows: (k,) which frames they show, from 0.
        dressed: (k, h, w, 4) uint8: result and mask, as in ``SmallFrame``.
    """

    rows: NDArray[np.int64]
    dressed: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One case as it was dressed once.

    Attributes:
        clip: source, sha256, fps, truncated, start, size_wh.
        garment: id and digest.
        versions: as ``versions.versions``.
        vertex_count: of the whole mesh; 0 when nothing was ever drawn.
        reasons: of every frame, "" where it was dressed.
        speeds: by stage; empty when they could not be measured.
        tracks: numbers of every frame.
        pictures: references, to be compared.
        film: to be looked at.
        notes: what a person should know: a damaged end, a fault of a stage.
    """

    clip: Mapping[str, Any]
    garment: Mapping[str, str]
    versions: Mapping[str, str]
    vertex_count: int
    reasons: Sequence[str]
    speeds: Mapping[str, StageSpeed]
    tracks: Tracks
    pictures: Pictures
    film: Pictures
    notes: Sequence[str] = ()

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.reasons)

    @property
    def dressed(self) -> NDArray[np.bool_]:
        """(n,) frames in which the garment is to be seen."""
        return np.asarray(self.tracks.opacity > 0)


def stack_tracks(measures: Sequence[FrameMeasures]) -> Tracks:
    """Put the frames of a run one after the other."""
    meshes = [m.vertices_px for m in measures if m.vertices_px is not None]
    kept = len(meshes[-1]) if meshes else 0
    blank = np.full((kept, 2), np.nan, np.float32)

    def fitting(mesh: NDArray[np.float32] | None) -> NDArray[np.float32]:
        return mesh if mesh is not None and len(mesh) == kept else blank

    columns: dict[str, Any] = {}
    for field in fields(Tracks):
        if field.name == "vertices_px":
            columns[field.name] = np.stack([fitting(m.vertices_px) for m in measures])
        else:
            columns[field.name] = np.array([getattr(m, field.name) for m in measures])
    single = {k: v.astype(np.float32) for k, v in columns.items() if v.dtype == np.float64}
    single["time_s"] = columns["time_s"].astype(np.float64)
    single["outside_px"] = columns["outside_px"].astype(np.int32)
    return Tracks(**(columns | single))


def save_recording(recording: Recording, folder: Path) -> int:
    """Write a recording.

    Args:
        recording: anything.
        folder: made when missing.

    Returns:
        Bytes written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "format": FORMAT,
        "clip": dict(recording.clip),
        "garment": dict(recording.garment),
        "frames": recording.frames,
        "reasons": [[reason, len(list(run))] for reason, run in groupby(recording.reasons)],
        "vertex_count": recording.vertex_count,
        "pictures": _describe(recording.pictures),
        "film": _describe(recording.film),
        "speeds": {
            stage: {name: _rounded(value) for name, value in asdict(speed).items()}
            for stage, speed in recording.speeds.items()
        },
        "notes": list(recording.notes),
        "versions": dict(recording.versions),
    }
    files = {
        FACTS: (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode(),
        TRACKS: _pack(recording.tracks),
        FRAMES: _sheet(recording.pictures.dressed, LOSSLESS),
        FILM: _sheet(recording.film.dressed, LOSSY),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return sum(map(len, files.values()))


def load_recording(folder: Path) -> Recording:
    """Read a recording.

    Raises:
        InputError: not there, damaged, or of another version's format.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise InputError(
                f"{folder} was recorded in format {facts['format']}; this version reads"
                f" {FORMAT}. Record it again."
            )
        tracks = _unpack((folder / TRACKS).read_bytes())
        return Recording(
            clip=facts["clip"],
            garment=facts["garment"],
            versions=facts["versions"],
            vertex_count=facts["vertex_count"],
            reasons=[reason for reason, count in facts["reasons"] for _ in range(count)],
            speeds={stage: StageSpeed(**speed) for stage, speed in facts["speeds"].items()},
            tracks=tracks,
            pictures=_cut_sheet(folder / FRAMES, facts["pictures"]),
            film=_cut_sheet(folder / FILM, facts["film"]),
            notes=facts["notes"],
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"The baseline in {folder} is damaged or not complete. Record it again."
        ) from error


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _pack(tracks: Tracks) -> bytes:
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(Tracks):
        array = getattr(tracks, field.name)
        if field.name in POINTS:
            known = np.isfinite(array)
            steps = np.where(known, np.rint(np.where(known, array, 0) * STEPS_PER_PX), NOWHERE)
            # neighbours in time are close: their differences pack to a third
            array = np.diff(steps.astype(np.int32), axis=0, prepend=np.int32(0))
        arrays[field.name] = array.astype(_PACKED.get(field.name, array.dtype))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _unpack(data: bytes) -> Tracks:
    columns: dict[str, Any] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        for field in fields(Tracks):
            array = arrays[field.name]
            if field.name in POINTS:
                steps = np.cumsum(array, axis=0, dtype=np.int32)
                array = np.where(steps == NOWHERE, np.nan, steps / STEPS_PER_PX)
            if field.name not in ("time_s", "outside_px"):
                array = array.astype(np.float32)
            columns[field.name] = array
    return Tracks(**columns)


def _describe(pictures: Pictures) -> dict[str, Any]:
    return {"size_hw": list(pictures.dressed.shape[1:3]), "rows": pictures.rows.tolist()}


def _sheet(pictures: NDArray[np.uint8], options: Mapping[str, Any]) -> bytes:
    """All pictures side by side in one WebP: smaller than one file each."""
    count, height, width = pictures.shape[:3]
    lines = max(-(-count // SHEET_COLUMNS), 1)
    sheet = np.zeros((lines, SHEET_COLUMNS, height, width, 4), np.uint8)
    for index, picture in enumerate(pictures):
        sheet[divmod(index, SHEET_COLUMNS)] = picture
    flat = sheet.transpose(0, 2, 1, 3, 4).reshape(lines * height, SHEET_COLUMNS * width, 4)
    buffer = io.BytesIO()
    Pil.fromarray(flat).save(buffer, "WEBP", **options)
    return buffer.getvalue()


def _cut_sheet(path: Path, described: Mapping[str, Any]) -> Pictures:
    height, width = described["size_hw"]
    rows = np.array(described["rows"], np.int64)
    with Pil.open(path) as picture:
        flat = np.asarray(picture.convert("RGBA"), np.uint8)
    lines = flat.shape[0] // height
    sheet = flat.reshape(lines, height, SHEET_COLUMNS, width, 4).transpose(0, 2, 1, 3, 4)
    return Pictures(rows, sheet.reshape(-1, height, width, 4)[: len(rows)].copy())
