"""How a sleeve lies in its garment's photo: two coordinates for every vertex.

``along`` runs from the armhole (0) to the cuff (1), ``across`` from the armpit's side (0) to the
shoulder's (1). They are computed once per garment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import unit
from pipeline.structures import Side
from pipeline.trunk import OUTWARD

Vector = NDArray[np.float64]

EDGE_POINTS = 65  # along each edge of a sleeve
EDGE_SMOOTHINGS = 8
LONGEST_EDGE = 1.6  # of the straight way; what is longer went astray
PAST_ARMHOLE = 0.25  # of the way to the cuff
ALONG_RANGE = (-0.8, 1.3)
RIM_PX = 7.0  # how far the mesh reaches past a cuff
PAST_CUFF = 0.04  # cloth that hangs lower than its cuff's line ends this soon: cuffs are square
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
class _Rulings:
    """Straight lines across a sleeve, from its inner edge to its outer one.

    Attributes:
        along: (m,) where each line lies, ascending, in equal steps.
        inner, outer: (m, 2) their ends, texture px.
    """

    along: Vector
    inner: Vector
    outer: Vector

    def coordinates(self, points: Vector) -> tuple[Vector, Vector]:
        """Across and along of ``points`` (n, 2): on the line that passes nearest."""
        to_point = points[:, None] - self.inner
        line = self.outer - self.inner
        squared = np.maximum((line * line).sum(axis=1), 1e-6)
        across = np.clip((to_point * line).sum(axis=2) / squared, -MARGIN, 1.0 + MARGIN)
        miss = np.hypot(*np.moveaxis(to_point - across[..., None] * line, 2, 0))
        nearest = miss.argmin(axis=1)
        # between two lines, as far as the point lies off them
        off = (to_point[..., 0] * line[:, 1] - to_point[..., 1] * line[:, 0]) / np.sqrt(squared)
        rows = np.arange(len(points))
        here = off[rows, nearest]
        after = np.minimum(nearest + 1, len(self.along) - 1)
        before = np.maximum(nearest - 1, 0)
        beyond = np.where(here * off[rows, after] < 0.0, after, before)
        there = off[rows, beyond]
        opposite = here * there < 0.0
        share = np.where(opposite, here / np.where(opposite, here - there, 1.0), 0.0)
        along = self.along[nearest] + share * (self.along[beyond] - self.along[nearest])
        way = across[rows, beyond] - across[rows, nearest]
        return across[rows, nearest] + share * way, along


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
    names = ("shoulder", "cuff_outer", "cuff_inner", "armpit")
    corners = np.array([landmarks[f"{name}_{side}"] for name in names], np.float64)
    outer, inner = _edges(region, corners)
    armhole = Armhole.of(landmarks, side)
    across, along = _rule(inner, outer, armhole.normal).coordinates(vertices)
    # the mesh's own margin is not pressed together: it would pull a straight cuff into scallops
    free = 1.0 + RIM_PX / float(np.hypot(*np.diff(0.5 * (inner + outer), axis=0).T).sum())
    past = np.maximum(along - free, 0.0)
    along = np.minimum(along, free) + PAST_CUFF * (1.0 - np.exp(-past / PAST_CUFF))
    axis = unit(corners[1] + corners[2] - corners[0] - corners[3])
    normal = np.array([axis[1], -axis[0]]) * OUTWARD[side]
    half = np.abs((outer - inner) @ normal) / 2.0
    stations = np.linspace(0.0, 1.0, EDGE_POINTS)
    return SleeveMap(
        along=along,
        across=across,
        weight=weight,
        # at the armhole the lines run along the sleeve and say nothing about its width
        half_tex=np.interp(np.maximum(along, PAST_ARMHOLE), stations, half),
        outer_tex=float(np.hypot(*(corners[1] - corners[0]))),
        inner_tex=float(np.hypot(*(corners[2] - corners[3]))),
    )


def _edges(region: NDArray[np.bool_], corners: Vector) -> tuple[Vector, Vector]:
    """The sleeve's outer and inner edge from armhole to cuff, ``EDGE_POINTS`` each.

    Args:
        region: (h, w) the sleeve's pixels.
        corners: (4, 2) shoulder, outer end of the cuff, inner end, armpit: all the way round.
    """
    shoulder, cuff_outer, cuff_inner, armpit = corners
    straight = np.array([shoulder, cuff_outer]), np.array([armpit, cuff_inner])
    lines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    paths = straight
    if lines:
        contour = max(lines, key=len).reshape(-1, 2).astype(np.float64)
        at = [int(np.hypot(*(contour - corner).T).argmin()) for corner in corners]
        contour = np.roll(contour, -at[0], axis=0)
        count = len(contour)
        places = [(k - at[0]) % count for k in at]
        if places[1] > places[3]:  # it runs the other way round
            contour = np.roll(contour[::-1], 1, axis=0)
            places = [(-k) % count for k in places]
        if places == sorted(places):
            outer = np.vstack([shoulder, contour[1 : places[1]], cuff_outer])
            inner = np.vstack([armpit, contour[places[2] + 1 : places[3]][::-1], cuff_inner])
            paths = outer, inner
    return _evened(paths[0], straight[0]), _evened(paths[1], straight[1])


def _evened(path: Vector, straight: Vector) -> Vector:
    """Points in equal steps along a path, without its frills; a path that strays is no edge."""
    even = _in_steps(path)
    for _ in range(EDGE_SMOOTHINGS):
        even[1:-1] = 0.25 * even[:-2] + 0.5 * even[1:-1] + 0.25 * even[2:]
    longest = LONGEST_EDGE * np.hypot(*(straight[1] - straight[0]))
    strays = np.hypot(*np.diff(even, axis=0).T).sum() > longest
    return _in_steps(straight if strays else even)


def _in_steps(path: Vector) -> Vector:
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0.0, walked[-1], EDGE_POINTS)
    return np.column_stack([np.interp(at, walked, path[:, axis]) for axis in range(2)])


def _rule(inner: Vector, outer: Vector, away: Vector) -> _Rulings:
    """Lines from edge to edge, and beyond: into the torso along ``-away``, past the cuff."""
    middle = 0.5 * (inner + outer)
    length = float(np.hypot(*np.diff(middle, axis=0).T).sum())
    step = 1.0 / (EDGE_POINTS - 1)
    before = np.arange(round(ALONG_RANGE[0] / step), 0)[:, None] * step * length
    after = np.arange(1, round((ALONG_RANGE[1] - 1.0) / step) + 1)[:, None] * step * length
    onward = unit(middle[-1] - middle[-EDGE_POINTS // 4])

    def extended(edge: Vector) -> Vector:
        return np.vstack([edge[0] + before * unit(away), edge, edge[-1] + after * onward])

    along = np.arange(-len(before), EDGE_POINTS + len(after)) * step
    return _Rulings(along, extended(inner), extended(outer))
