"""The photo look: a garment's own photo, bent to the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import NotSupported
from pipeline.geometry import smoothstep
from pipeline.looks.look import SLEEVE_PART, Deformed, depth_order
from pipeline.looks.mesh import Mesh, build_mesh, clean_regions
from pipeline.looks.sleeve_map import Armhole, SleeveMap, map_sleeve
from pipeline.looks.sleeves import lay_sleeve
from pipeline.looks.torso import TorsoFit
from pipeline.looks.tps import tps_matrix
from pipeline.structures import PART_CODES, Body, Category, Garment, Part, Side

Vector = NDArray[np.float64]

OVERLAP = 0.14  # of the armhole: sheets of torso and sleeve share this band on either side
BLEND_FROM, BLEND_OVER = -0.10, 0.38  # of the armhole: from torso to arm
BLEND_SHOULDER = 0.16  # likewise at the shoulder's end: the arm's edge begins at its very tip
NECKLINE_POINTS = 15


class PhotoLook:
    """A garment bound to no body yet: everything that needs to be computed only once.

    Raises:
        NotSupported: trousers, skirts and other lower garments.
    """

    def __init__(self, garment: Garment) -> None:
        if garment.category is Category.LOWER:
            raise NotSupported(
                f"{garment.name} is worn below the waist, which is not supported yet. "
                "Choose a top or a dress."
            )
        self.garment = garment
        marks = {name: np.asarray(p, np.float64) for name, p in garment.landmarks.items()}
        sides = [side for side in Side if _has_sleeve(garment, side)]
        mesh = build_mesh(garment.texture, _regions(garment, marks, sides))
        self.mesh: Mesh = _creased(mesh, marks, sides)
        self._torso = TorsoFit(garment)
        vertices = self.mesh.vertices_tex.astype(np.float64)
        self._sleeves: Mapping[Side, SleeveMap] = {
            side: map_sleeve(
                marks,
                side,
                garment.parts == PART_CODES[SLEEVE_PART[side]],
                vertices,
                _weight(self.mesh, marks, side),
            )
            for side in sides
        }
        self.collar: Mesh | None = None
        if garment.back_collar is not None and garment.back_collar[..., 3].any():
            region = {Part.TORSO: garment.back_collar[..., 3] > 0}
            self.collar = build_mesh(garment.back_collar, region)
        line = garment.neckline
        pick = np.rint(np.linspace(0, len(line) - 1, NECKLINE_POINTS)).astype(int)
        carried = [vertices, line[pick], np.array([marks["hem_right"], marks["hem_left"]])]
        if self.collar is not None:
            carried.append(self.collar.vertices_tex)
        self._bend = tps_matrix(self._torso.sources, np.concatenate(carried).astype(np.float64))
        self._splits = np.cumsum([len(points) for points in carried])[:-1].tolist()

    def deform(self, body: Body) -> Deformed:
        """Bend the garment to a body.

        Args:
            body: any; the caller decides whether it can be dressed.

        Returns:
            Vertices in frame px and the lines that compositing needs.
        """
        fit = self._torso.fit(body)
        vertices, neckline, hem, *collar = np.split(self._bend @ fit.targets, self._splits)
        reach = {
            side: lay_sleeve(
                vertices,
                sleeve,
                self.garment.sleeves,
                body,
                side,
                fit.armpits[side],
                fit.sleeve_scale,
            )
            for side, sleeve in self._sleeves.items()
        }
        return Deformed(
            vertices_px=vertices,
            order=depth_order(body, self.mesh),
            neckline_px=neckline,
            hem_px=hem,
            sleeve_reach=reach,
            collar_px=collar[0] if collar else None,
        )


def _has_sleeve(garment: Garment, side: Side) -> bool:
    code = PART_CODES[SLEEVE_PART[side]]
    return f"cuff_outer_{side}" in garment.landmarks and bool((garment.parts == code).any())


def _regions(
    garment: Garment, marks: Mapping[str, Vector], sides: list[Side]
) -> dict[Part, NDArray[np.bool_]]:
    """Pixels each part draws: its own, and a band across the armhole."""
    height, width = garment.parts.shape
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    wanted = [Part.TORSO] + [SLEEVE_PART[side] for side in sides]
    clean = clean_regions(garment.parts, {part: PART_CODES[part] for part in wanted})
    torso = clean[Part.TORSO]
    regions = {Part.TORSO: torso.copy()}
    for side in sides:
        sleeve = clean[SLEEVE_PART[side]]
        armhole = Armhole.of(marks, side)
        up = armhole.height(pixels)
        band = (np.abs(armhole.away(pixels)) < OVERLAP) & (up > -0.02) & (up < 1.2)
        band = band.reshape(height, width)
        regions[Part.TORSO] |= sleeve & band
        regions[SLEEVE_PART[side]] = sleeve | (torso & band)
    return regions


def _creased(mesh: Mesh, marks: Mapping[str, Vector], sides: list[Side]) -> Mesh:
    """Sort the sleeves' triangles from the armhole outwards: where a sleeve hangs down it lies in
    a crease below the armpit, with its free part on top."""
    sheets = dict(mesh.sheets)
    for side in sides:
        sheet = sheets[SLEEVE_PART[side]]
        middles = mesh.vertices_tex[sheet.triangles].mean(axis=1).astype(np.float64)
        order = np.argsort(Armhole.of(marks, side).beyond(middles), kind="stable")
        sheets[SLEEVE_PART[side]] = replace(sheet, triangles=sheet.triangles[order])
    return Mesh(mesh.vertices_tex, sheets)


def _weight(mesh: Mesh, marks: Mapping[str, Vector], side: Side) -> Vector:
    """How far every vertex follows the arm."""
    points = mesh.vertices_tex.astype(np.float64)
    armhole = Armhole.of(marks, side)
    weight = np.zeros(len(points))
    sleeve_rows = mesh.sheets[SLEEVE_PART[side]].rows
    sleeve = points[sleeve_rows]
    weight[sleeve_rows] = _follow(armhole.beyond(sleeve), armhole.height(sleeve))
    # on the torso only the band across the armhole follows, and nothing below the armpit
    torso_rows = mesh.sheets[Part.TORSO].rows
    torso = points[torso_rows]
    away = armhole.away(torso)
    fade = smoothstep((armhole.height(torso) + 0.15) / 0.20) * (np.abs(away) < 2.0 * OVERLAP)
    weight[torso_rows] = _follow(away, armhole.height(torso)) * fade
    return weight


def _follow(beyond: Vector, height: Vector) -> Vector:
    over = BLEND_OVER + (BLEND_SHOULDER - BLEND_OVER) * smoothstep(2.0 * height - 1.0)
    return smoothstep((beyond - BLEND_FROM) / over).astype(np.float64)
