"""How a sleeve lies in its garment's photo: two coordinates for every vertex.

``along`` runs from the armhole (0) to the cuff (1), ``across`` from the armpit's side (0) to the
shoulder's (1). They are computed once per garment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import unit
from pipeline.structures import Side
from pipeline.trunk import OUTWARD

Vector = NDArray[np.float64]

PROFILE_STATIONS = np.linspace(0.0, 1.0, 9)
ALONG_RANGE, ACROSS_RANGE = (-0.8, 1.3), (-0.6, 1.6)  # beyond, a quad's coordinates mean nothing
MARGIN = 0.30  # of the width: how far the mesh may reach past the cloth


@dataclass(frozen=True, slots=True, eq=False)
class SleeveMap:
    """A sleeve as it lies in the texture.

    Attributes:
        along, across: (n,) coordinates of the mesh's vertices.
        weight: (n,) 0 = moves with the torso, 1 = moves with the arm.
        half_tex: (n,) half width of the sleeve where the vertex lies, texture px.
        outer_tex, inner_tex: lengths of the two edges, texture px.
    """

    along: Vector
    across: Vector
    weight: Vector
    half_tex: Vector
    outer_tex: float
    inner_tex: float


@dataclass(frozen=True, slots=True, eq=False)
class _Quad:
    """Bilinear coordinates in armpit, shoulder, inner cuff, outer cuff."""

    armpit: Vector
    shoulder: Vector
    inner: Vector
    outer: Vector

    def coordinates(self, points: Vector) -> tuple[Vector, Vector]:
        """Across and along of ``points`` (n, 2), by damped Newton steps."""
        across, along = np.full(len(points), 0.5), np.full(len(points), 0.5)
        for _ in range(14):
            s, t = across[:, None], along[:, None]
            low = (1 - t) * self.armpit + t * self.inner
            high = (1 - t) * self.shoulder + t * self.outer
            miss = (1 - s) * low + s * high - points
            ds = high - low
            dt = (1 - s) * (self.inner - self.armpit) + s * (self.outer - self.shoulder)
            det = ds[:, 0] * dt[:, 1] - ds[:, 1] * dt[:, 0]
            det = np.where(np.abs(det) < 1e-3, 1e-3, det)
            step_s = (miss[:, 0] * dt[:, 1] - miss[:, 1] * dt[:, 0]) / det
            step_t = (ds[:, 0] * miss[:, 1] - ds[:, 1] * miss[:, 0]) / det
            across = np.clip(across - np.clip(step_s, -0.5, 0.5), *ACROSS_RANGE)
            along = np.clip(along - np.clip(step_t, -0.5, 0.5), *ALONG_RANGE)
        return across, along


@dataclass(frozen=True, slots=True)
class Armhole:
    """The line from armpit to shoulder, where a sleeve is sewn on.

    Distances are in armhole lengths; ``away`` is positive on the sleeve's side.
    """

    armpit: Vector
    line: Vector
    normal: Vector

    @classmethod
    def of(cls, landmarks: Mapping[str, Vector], side: Side) -> Armhole:
        """Find the armhole between a garment's landmarks."""
        armpit, shoulder = landmarks[f"armpit_{side}"], landmarks[f"shoulder_{side}"]
        line = (shoulder - armpit).astype(np.float64)
        normal = np.array([-line[1], line[0]])
        cuff = 0.5 * (landmarks[f"cuff_outer_{side}"] + landmarks[f"cuff_inner_{side}"])
        if normal @ (cuff - 0.5 * (armpit + shoulder)) < 0.0:
            normal = -normal
        return cls(armpit.astype(np.float64), line, normal)

    def height(self, points: Vector) -> Vector:
        """Place along the line: 0 armpit, 1 shoulder."""
        height: Vector = ((points - self.armpit) @ self.line) / (self.line @ self.line)
        return height

    def away(self, points: Vector) -> Vector:
        """Signed distance from the line, outwards."""
        away: Vector = ((points - self.armpit) @ self.normal) / (self.line @ self.line)
        return away

    def beyond(self, points: Vector) -> Vector:
        """How far out on the sleeve: as ``away``, but a sleeve that hangs down beside the torso
        gets further with every step below the armpit."""
        below = np.maximum(-self.height(points), 0.0)
        away = self.away(points)
        beyond: Vector = np.where(away > 0.0, np.hypot(away, below), away + below)
        return beyond


def map_sleeve(
    landmarks: Mapping[str, Vector],
    side: Side,
    region: NDArray[np.bool_],
    vertices: Vector,
    weight: Vector,
) -> SleeveMap:
    """Give every vertex its place on the sleeve.

    Args:
        landmarks: the garment's.
        side: whose sleeve.
        region: (h, w) the sleeve's pixels, texture px.
        vertices: (n, 2) texture px.
        weight: (n,) how far each follows the arm.
    """
    quad = _Quad(
        *(
            landmarks[f"{name}_{side}"].astype(np.float64)
            for name in ("armpit", "shoulder", "cuff_inner", "cuff_outer")
        )
    )
    across, along = quad.coordinates(vertices)
    low, high = _extent(quad, region)
    t = np.clip(along, 0.0, 1.0)
    floor, ceiling = np.interp(t, PROFILE_STATIONS, low), np.interp(t, PROFILE_STATIONS, high)
    across = np.clip((across - floor) / (ceiling - floor), -MARGIN, 1.0 + MARGIN)
    profile = _profile(quad, OUTWARD[side]) * (high - low)
    return SleeveMap(
        along=along,
        across=across,
        weight=weight,
        half_tex=np.interp(along, PROFILE_STATIONS, profile),
        outer_tex=float(np.hypot(*(quad.outer - quad.shoulder))),
        inner_tex=float(np.hypot(*(quad.inner - quad.armpit))),
    )


def _extent(quad: _Quad, region: NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """How far the cloth reaches across at each station: straightens curved sleeves."""
    rows, columns = np.nonzero(region)
    stride = max(1, len(rows) // 3000)
    pixels = np.column_stack([columns, rows])[::stride].astype(np.float64)
    across, along = quad.coordinates(pixels)
    low, high = np.zeros(len(PROFILE_STATIONS)), np.ones(len(PROFILE_STATIONS))
    for k in range(1, len(PROFILE_STATIONS)):
        here = np.abs(along - PROFILE_STATIONS[k]) < 0.09
        if here.sum() > 8:
            low[k], high[k] = np.quantile(across[here], [0.02, 0.98])
    return low, np.maximum(high, low + 0.2)


def _profile(quad: _Quad, outward: float) -> Vector:
    """Half width of the quad at each station, measured across the sleeve's axis."""
    axis = unit(quad.inner + quad.outer - quad.armpit - quad.shoulder)
    normal = np.array([axis[1], -axis[0]]) * outward
    t = PROFILE_STATIONS[:, None]
    edge = (1 - t) * (quad.shoulder - quad.armpit) + t * (quad.outer - quad.inner)
    half = np.abs(edge @ normal) / 2.0
    half[:2] = half[2]  # at the armhole the edge runs along the axis and says nothing
    return half
