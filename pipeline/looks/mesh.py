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
from pipeline.structures import PART_CODES, Box, Part, Points

MARGIN_PX = 5  # the sheet reaches this far past the cloth, so that its soft edge is drawn whole
SOFT_PX = 2  # how far the cloth's soft edge reaches past its region
RIM_SIGMA_PX, RIM_BLUR_PX = 0.8, 3  # of the soft rim; the blur reaches no further
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
    if len(codes) < 2:
        return dict.fromkeys(codes, parts > 0)
    box = bounds(parts)
    inside = parts[box.slices]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM_PX + 1, 2 * RIM_PX + 1))
    distance = np.empty((len(codes), *inside.shape), np.float32)
    for k, code in enumerate(codes.values()):
        own = (inside == code).astype(np.uint8)
        core = cv2.morphologyEx(own, cv2.MORPH_OPEN, disc)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(core)
        if count > 1:
            core = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
        else:
            core = own
        distance[k] = cv2.distanceTransform(1 - core, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearest = distance.argmin(axis=0)
    regions = {}
    for k, part in enumerate(codes):
        regions[part] = np.zeros(parts.shape, np.bool_)
        regions[part][box.slices] = (inside > 0) & (nearest == k)
    return regions


def bounds(plane: NDArray[np.generic]) -> Box:
    """The box of what is not zero in a plane (h, w); the whole plane when all of it is."""
    rows, columns = (np.flatnonzero(plane.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Box(0, 0, plane.shape[1], plane.shape[0])
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


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
        box = bounds(regions[part])
        size = cell if part is Part.TORSO else SLEEVE_CELL * cell
        points, triangles = _triangulate(regions[part], box, max(SMALLEST_CELL_PX, size))
        levels, origin = _picture(texture, regions[part], box)
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
    region: NDArray[np.bool_], box: Box, cell: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Vertices on the outline and on a grid inside; triangles that touch the cloth.

    Slivers along the outline hold no cloth but would fold whenever the outline bends.

    Args:
        region: (h, w) the pixels to draw.
        box: their bounds.
        cell: between two vertices, px.
    """
    grown, cloth = (_grown(region[box.slices], by_px) for by_px in (MARGIN_PX, SOFT_PX))
    cloth = np.pad(cloth, MARGIN_PX - SOFT_PX)
    outlines, _ = cv2.findContours(grown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    stride = max(3, int(0.7 * cell))
    points = [line.reshape(-1, 2)[::stride] for line in outlines if len(line) >= 3 * stride]
    points += [
        line.reshape(-1, 2)[:: max(1, len(line) // 4)]
        for line in outlines
        if 12 <= len(line) < 3 * stride
    ]
    points.append(_grid(grown, box, cell))
    corner = np.array([box.x0, box.y0])
    corners = (np.unique(np.concatenate(points), axis=0) + corner).astype(np.float64)
    triangles = Delaunay(corners).simplices
    middles = np.rint(corners[triangles].mean(axis=1)).astype(int) - corner
    keep = cloth[middles[:, 1], middles[:, 0]] > 0
    triangles = triangles[keep]
    used, triangles = np.unique(triangles, return_inverse=True)
    shifted = corners[used] - MARGIN_PX
    return shifted.astype(np.float32), triangles.reshape(-1, 3).astype(np.int32)


def _grid(grown: NDArray[np.uint8], box: Box, cell: float) -> NDArray[np.int64]:
    """(n, 2) places inside on a grid that starts at the picture's corner, wherever the box is."""
    core = cv2.distanceTransform(np.pad(grown, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    height, width = grown.shape
    step = int(cell)
    y, x = np.mgrid[-box.y0 % step : height : step, -box.x0 % step : width : step]
    inside = core[y, x] > 0.45 * cell
    return np.column_stack([x[inside], y[inside]])


def _picture(
    texture: NDArray[np.uint8], region: NDArray[np.bool_], box: Box
) -> tuple[tuple[Level, ...], tuple[int, int]]:
    """The part's own pixels with a soft rim, cropped, as a pyramid; ``box`` bounds the region."""
    wide, shown = (_widened(box, by_px, region.shape) for by_px in (2 * RIM_BLUR_PX, SOFT_PX))
    own = region[wide.slices]
    rim = cv2.GaussianBlur(own.astype(np.float32), (0, 0), RIM_SIGMA_PX)
    # the region's own pixels stay whole; the rim lets the garment's soft edge through
    weight = np.where(own, np.float32(1.0), np.minimum(np.float32(1.0), 2.0 * rim))[..., None]
    part = np.rint(texture[wide.slices] * weight).astype(np.uint8)
    x0, y0 = shown.x0 - wide.x0, shown.y0 - wide.y0
    crop = part[y0 : y0 + shown.height, x0 : x0 + shown.width]
    framed = np.pad(crop, ((FRAME_PX, FRAME_PX), (FRAME_PX, FRAME_PX), (0, 0)))
    return mip_levels(framed), (shown.x0 - FRAME_PX, shown.y0 - FRAME_PX)


def _widened(box: Box, by_px: int, shape: tuple[int, ...]) -> Box:
    """A box with so much around it, inside a plane of this shape (h, w)."""
    return Box(
        max(0, box.x0 - by_px),
        max(0, box.y0 - by_px),
        min(shape[1], box.x1 + by_px),
        min(shape[0], box.y1 + by_px),
    )


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
