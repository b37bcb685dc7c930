"""Triangles over a garment's texture, one sheet per part.

The sheets overlap a little across the armhole. Where a vertex goes is a function of its place in
the texture alone, so the overlap closes the seam; everywhere else the parts are free to pass over
each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from pipeline.looks.raster import Level, extent, mip_levels
from pipeline.structures import PART_CODES, Part, Points

MARGIN_PX = 5  # the sheet reaches this far past the cloth, so that its soft edge is drawn whole
SOFT_PX = 2  # how far the cloth's soft edge reaches past its region
FRAME_PX = 8  # clear frame around a part's picture: still a pixel wide when it is drawn tiny
RIM_PX = 3  # strips thinner than twice this are the rim of a neighbour, not a part
CELLS_PER_SIDE = 26  # vertices along the longer side of a garment
SMALLEST_CELL_PX = 6.0
SLEEVE_CELL = 0.6  # of the torso's cells: arms bend more sharply


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One part of a mesh.

    Attributes:
        first_vertex: index of the sheet's first vertex in ``Mesh.vertices_tex``.
        vertex_count: number of its vertices; they lie together.
        triangles: (m, 3) int32, indices into the whole mesh's vertices.
        levels: the part's own picture in falling sizes, premultiplied RGBA.
        origin: texture position of the picture's top-left pixel.
        size_tex: size of the sheet as ``raster.extent`` measures it, texture px.
    """

    first_vertex: int
    vertex_count: int
    triangles: NDArray[np.int32]
    levels: tuple[Level, ...]
    origin: tuple[int, int]
    size_tex: float

    @property
    def rows(self) -> slice:
        """The sheet's vertices in any array of the whole mesh."""
        return slice(self.first_vertex, self.first_vertex + self.vertex_count)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """All sheets of a look.

    Attributes:
        vertices_tex: (n, 2) float32, texture px.
        sheets: per part; the torso is always there.
    """

    vertices_tex: Points
    sheets: Mapping[Part, Sheet]

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(m, 3) int32, of all sheets together."""
        return np.concatenate([sheet.triangles for sheet in self.sheets.values()])


def clean_regions(
    parts: NDArray[np.uint8], codes: Mapping[Part, int]
) -> dict[Part, NDArray[np.bool_]]:
    """The pixels of each part, without the thin rims that one part leaves along another.

    Args:
        parts: (h, w) part map, 0 = no garment.
        codes: the parts wanted; pixels of any other part go to the nearest of these.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM_PX + 1, 2 * RIM_PX + 1))
    distance = np.empty((len(codes), *parts.shape), np.float32)
    for k, code in enumerate(codes.values()):
        own = (parts == code).astype(np.uint8)
        core = cv2.morphologyEx(own, cv2.MORPH_OPEN, disc)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(core)
        if count > 1:
            core = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
        else:
            core = own
        distance[k] = cv2.distanceTransform(1 - core, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearest = distance.argmin(axis=0)
    return {part: (parts > 0) & (nearest == k) for k, part in enumerate(codes)}


def build_mesh(texture: NDArray[np.uint8], regions: Mapping[Part, NDArray[np.bool_]]) -> Mesh:
    """Cut a texture into sheets.

    Args:
        texture: (h, w, 4) uint8 premultiplied RGBA.
        regions: per part the pixels it draws, (h, w); they may overlap.

    Returns:
        A mesh whose sheets cover their regions and a small margin.
    """
    cell = max(texture.shape[:2]) / CELLS_PER_SIDE
    vertices: list[NDArray[np.float32]] = []
    sheets: dict[Part, Sheet] = {}
    count = 0
    for part in PART_CODES:
        if part not in regions or not regions[part].any():
            continue
        grown, cloth = (_grown(regions[part], by_px) for by_px in (MARGIN_PX, SOFT_PX))
        cloth = np.pad(cloth, MARGIN_PX - SOFT_PX)
        size = cell if part is Part.TORSO else SLEEVE_CELL * cell
        points, triangles = _triangulate(grown, cloth, max(SMALLEST_CELL_PX, size))
        levels, origin = _picture(texture, regions[part])
        *_, size_tex = extent(points, 0, len(points))
        sheets[part] = Sheet(
            count, len(points), triangles + np.int32(count), levels, origin, size_tex
        )
        vertices.append(points)
        count += len(points)
    return Mesh(np.concatenate(vertices), sheets)


def _grown(region: NDArray[np.bool_], by_px: int) -> NDArray[np.uint8]:
    """The region grown by ``by_px``, on a canvas ``by_px`` larger on every side."""
    canvas = np.pad(region.astype(np.uint8), by_px)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by_px + 1, 2 * by_px + 1))
    return np.asarray(cv2.dilate(canvas, disc), np.uint8)


def _triangulate(
    grown: NDArray[np.uint8], cloth: NDArray[np.uint8], cell: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Vertices on the outline and on a grid inside; triangles that touch the cloth.

    Slivers along the outline hold no cloth but would fold whenever the outline bends.
    """
    outlines, _ = cv2.findContours(grown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    stride = max(3, int(0.7 * cell))
    points = [line.reshape(-1, 2)[::stride] for line in outlines if len(line) >= 3 * stride]
    points += [
        line.reshape(-1, 2)[:: max(1, len(line) // 4)]
        for line in outlines
        if 12 <= len(line) < 3 * stride
    ]
    core = cv2.distanceTransform(np.pad(grown, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    height, width = grown.shape
    y, x = np.mgrid[0 : height : int(cell), 0 : width : int(cell)]
    inside = core[y, x] > 0.45 * cell
    points.append(np.column_stack([x[inside], y[inside]]))
    corners = np.unique(np.concatenate(points), axis=0).astype(np.float64)
    triangles = Delaunay(corners).simplices
    middles = np.rint(corners[triangles].mean(axis=1)).astype(int)
    keep = cloth[middles[:, 1], middles[:, 0]] > 0
    triangles = triangles[keep]
    used, triangles = np.unique(triangles, return_inverse=True)
    shifted = corners[used] - MARGIN_PX
    return shifted.astype(np.float32), triangles.reshape(-1, 3).astype(np.int32)


def _picture(
    texture: NDArray[np.uint8], region: NDArray[np.bool_]
) -> tuple[tuple[Level, ...], tuple[int, int]]:
    """The part's own pixels with a soft rim, cropped, as a pyramid."""
    rim = cv2.GaussianBlur(region.astype(np.float32), (0, 0), 0.8)
    # the region's own pixels stay whole; the rim lets the garment's soft edge through
    weight = np.where(region, 1.0, np.minimum(1.0, 2.0 * rim))[..., None]
    part = np.rint(texture * weight).astype(np.uint8)
    rows, columns = np.nonzero(_grown(region, SOFT_PX)[SOFT_PX:-SOFT_PX, SOFT_PX:-SOFT_PX])
    x0, y0 = int(columns.min()), int(rows.min())
    crop = part[y0 : int(rows.max()) + 1, x0 : int(columns.max()) + 1]
    framed = np.pad(crop, ((FRAME_PX, FRAME_PX), (FRAME_PX, FRAME_PX), (0, 0)))
    return mip_levels(framed), (x0 - FRAME_PX, y0 - FRAME_PX)


def folded_share(mesh: Mesh, vertices_px: Points) -> float:
    """Share of the mesh's area in the texture that lies turned over in the picture, 0..1."""
    before = _doubled_areas(mesh.vertices_tex, mesh.triangles)
    after = _doubled_areas(vertices_px, mesh.triangles)
    turned = np.sign(before) * after < 0.0
    return float(np.abs(before[turned]).sum() / max(np.abs(before).sum(), 1e-6))


def _doubled_areas(points: Points, triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    first, second = b - a, c - a
    return np.asarray(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0], np.float32)
