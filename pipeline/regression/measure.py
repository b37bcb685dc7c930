"""What is measured in every frame, and the small pictures that are kept of some."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.images import to_lab
from pipeline.regression.regions import LIMBS, face_region, limb_region
from pipeline.structures import Composite, Frame, Image, Pose

GRID_HW = (9, 12)  # cells of the frame in which colours are kept of every frame
TOUCHED = 16  # mask value from which a pixel counts as touched; below, nobody sees it
DRESSED = 128
CHANGED = 8  # grey levels between camera and result from which a pixel looks changed
SOLID = 250
MIN_CELL = 0.2  # share of a cell that must be dressed for its colour to mean something
MIN_REGION_PX = 30
MAX_VERTICES = 160  # kept of a mesh: neighbours move alike


@dataclass(frozen=True, slots=True, eq=False)
class FrameMeasures:
    """One frame in numbers. Not-a-number where there is nothing to measure.

    Attributes:
        time_s: on the clip's clock.
        reason: why it was left alone, "" when dressed.
        opacity: 0..1.
        landmarks_px: (33, 2) float32.
        vertices_px: (k, 2) float32, at most ``MAX_VERTICES`` of the mesh, or None.
        vertex_count: of the whole mesh.
        area: dressed share of the frame.
        centroid_px: (2,) of the mask.
        lab: (3,) mean colour of the solid mask.
        outside_px: pixels that changed although the mask is 0.
        face: share of the face that the mask touches.
        limbs: (4,) dressed share of each of ``LIMBS``.
        cells: (9, 12, 3) float32 mean Lab of each cell's dressed part.
        cover: (9, 12) float32 dressed share of each cell.
        warp_delta_e: mean ΔE between this frame and the one before, carried along by the camera's
            optical flow, on the dressed region.
    """

    time_s: float
    reason: str
    opacity: float
    landmarks_px: NDArray[np.float32]
    vertices_px: NDArray[np.float32] | None
    vertex_count: int
    area: float
    centroid_px: NDArray[np.float32]
    lab: NDArray[np.float32]
    outside_px: int
    face: float
    limbs: NDArray[np.float32]
    cells: NDArray[np.float32]
    cover: NDArray[np.float32]
    warp_delta_e: float


@dataclass(frozen=True, slots=True, eq=False)
class SmallFrame:
    """A frame as it is kept.

    Attributes:
        camera: (h, w, 3) uint8 RGB.
        dressed: (h, w, 4) uint8: result and mask; black where the mask is 0.
    """

    camera: Image
    dressed: NDArray[np.uint8]


class FrameMeter:
    """Measures the frames of one clip, in their order.

    Args:
        height_px: of the small pictures.
    """

    def __init__(self, height_px: int) -> None:
        self._height_px = height_px
        self._size_wh: tuple[int, int] | None = None
        self._before: tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]] | None = None
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def measure(
        self, frame: Frame, pose: Pose | None, composite: Composite
    ) -> tuple[FrameMeasures, SmallFrame]:
        """Measure the next frame."""
        small = self._shrink(frame, composite)
        lab, cover, cells = _colours(small.dressed)
        moments = cv2.moments(composite.mask)
        mass = moments["m00"]
        centroid = (moments["m10"], moments["m01"]) if mass else (np.nan, np.nan)
        vertices = composite.vertices_px if composite.dressed else None
        measures = FrameMeasures(
            time_s=frame.time_s,
            reason=composite.reason.value if composite.reason else "",
            opacity=composite.opacity,
            landmarks_px=pose.landmarks_px if pose else np.full((33, 2), np.nan, np.float32),
            vertices_px=None if vertices is None else vertices[picked_rows(len(vertices))],
            vertex_count=0 if vertices is None else len(vertices),
            area=mass / 255.0 / composite.mask.size,
            centroid_px=np.array(centroid, np.float32) / (mass or 1.0),
            lab=lab,
            outside_px=_outside_px(frame.image, composite),
            face=_face(pose, composite),
            limbs=_limbs(frame.image, pose, composite),
            cells=cells,
            cover=cover,
            warp_delta_e=self._warp_error(small),
        )
        return measures, small

    def _shrink(self, frame: Frame, composite: Composite) -> SmallFrame:
        if self._size_wh is None:  # all pictures of a clip get one size, whatever the clip does
            width, height = frame.size_wh
            small_height = min(self._height_px, height)
            self._size_wh = max(round(width * small_height / height), 1), small_height
        camera = _resize(frame.image, self._size_wh)
        image = _resize(composite.image, self._size_wh)
        mask = _resize(composite.mask, self._size_wh)
        return SmallFrame(camera, np.dstack([np.where(mask[..., None] > 0, image, 0), mask]))

    def _warp_error(self, small: SmallFrame) -> float:
        grey = np.asarray(cv2.cvtColor(small.camera, cv2.COLOR_RGB2GRAY), np.uint8)
        lab = to_lab(small.dressed[..., :3])
        solid = small.dressed[..., 3] >= SOLID
        before, self._before = self._before, (grey, lab, solid)
        if before is None or not solid.any() or not before[2].any() or min(grey.shape) < 16:
            return np.nan
        flow = self._flow.calc(grey, before[0], np.zeros((*grey.shape, 2), np.float32))
        y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
        to_x, to_y = x + flow[..., 0], y + flow[..., 1]
        carried = cv2.remap(before[1], to_x, to_y, cv2.INTER_LINEAR)
        was_solid = cv2.remap(before[2].astype(np.float32), to_x, to_y, cv2.INTER_LINEAR) > 0.99
        both = solid & was_solid
        if not both.any():
            return np.nan
        return float(np.linalg.norm(carried - lab, axis=-1)[both].mean())


def picked_rows(count: int) -> NDArray[np.intp]:
    """Which vertices of a mesh are kept: all, or ``MAX_VERTICES`` evenly spread over its order."""
    if count <= MAX_VERTICES:
        return np.arange(count)
    return np.asarray(np.rint(np.linspace(0, count - 1, MAX_VERTICES)), np.intp)


def _resize(array: NDArray[np.uint8], size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(array, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _colours(
    dressed: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Mean Lab of the solid part; per cell the dressed share and mean Lab."""
    lab, solid = to_lab(np.ascontiguousarray(dressed[..., :3])), dressed[..., 3] >= SOLID
    mean = np.full(3, np.nan, np.float32)
    if solid.sum() >= MIN_REGION_PX:
        mean = lab[solid].mean(axis=0)
    grid_wh = GRID_HW[::-1]
    weight = solid.astype(np.float32)
    cover = cv2.resize(weight, grid_wh, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(lab * weight[..., None], grid_wh, interpolation=cv2.INTER_AREA)
    cells = np.full((*GRID_HW, 3), np.nan, np.float32)
    known = cover >= MIN_CELL
    cells[known] = sums[known] / cover[known][:, None]
    return mean.astype(np.float32), np.asarray(cover, np.float32), cells


def _outside_px(camera: Image, composite: Composite) -> int:
    if composite.image is camera:
        return 0
    if composite.image.shape != camera.shape:
        return camera.shape[0] * camera.shape[1]
    changed = (composite.image != camera).any(axis=-1)
    return int(np.count_nonzero(changed & (composite.mask == 0)))


def _face(pose: Pose | None, composite: Composite) -> float:
    if pose is None:
        return np.nan
    region = face_region(pose, composite.mask.shape[:2])
    count = int(region.sum())
    if count < MIN_REGION_PX:
        return np.nan
    return float((composite.mask[region] >= TOUCHED).mean())


def _limbs(camera: Image, pose: Pose | None, composite: Composite) -> NDArray[np.float32]:
    shares = np.full(len(LIMBS), np.nan, np.float32)
    if pose is None or not composite.dressed or composite.image.shape != camera.shape:
        return shares
    for index, limb in enumerate(LIMBS):
        region = limb_region(pose, limb, composite.mask.shape[:2])
        if region.sum() < MIN_REGION_PX:
            continue
        now, was = composite.image[region].astype(np.int16), camera[region].astype(np.int16)
        changed = np.abs(now - was).max(axis=-1) >= CHANGED
        shares[index] = (changed & (composite.mask[region] >= DRESSED)).mean()
    return shares
