"""The neural look: a keyframe's dressed region, bound to the bones of the keyframe's pose.

It is cut into the same parts as a garment's photo and drawn by the same rasteriser, so that the
frames between two keyframes cost no more than with a photo look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import smoothstep
from pipeline.labels import Landmark, VitonGroup
from pipeline.looks.draw import SHARPNESS
from pipeline.looks.look import SLEEVE_PART, Deformed, depth_order
from pipeline.looks.mesh import Mesh, bounds, build_mesh, clean_regions
from pipeline.looks.rig import ARM_JOINTS, Rig, Skin
from pipeline.smoothing import torso_length_px
from pipeline.structures import PART_CODES, Alpha, Body, Box, DrawnLook, Garment, Part, Pose, Side

if TYPE_CHECKING:
    from pipeline.stack.keyframe import Keyframe  # imports torch, which a drawn look never needs

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]

SOLID = 127  # alpha from which a pixel belongs to the dressed region
SMALLEST = 0.02  # of the dressed region; smaller islands are the networks' noise
ARM_AT, ARM_HALF = (0.0, 0.5, 1.0, 2.0), (0.345, 0.30, 0.25, 0.165)  # stations, half chests
SLEEVE_ROOM = 1.7  # arm radii around its bones that belong to a sleeve, clear of the torso
CROSSING_ROOM = 1.15  # the same in front of the torso, where what is beside the arm is the torso
TORSO_EDGE = 0.80  # half chests from the centre line: inside lies the torso
ARM_GROUPS = {Side.LEFT: VitonGroup.LEFT_ARM, Side.RIGHT: VitonGroup.RIGHT_ARM}
BEFORE_CHEST = 0.05  # torso lengths; MediaPipe's depth is no finer
BEFORE = (VitonGroup.LEFT_ARM, VitonGroup.RIGHT_ARM, VitonGroup.HAIR)  # may hide the garment
FEWEST = 500  # pixels that both looks show, to compare their light
LIGHT = (0.4, 2.0)  # between them at most
COARSE = 4  # px between the places where bones are measured
OVERLAP_PX = 9  # by which torso and sleeve share their seam

NECKLINE_POINTS = 15
NECK_REACH = 0.55  # half chests to either side of the centre line
NECK_HEIGHTS = (-0.30, 0.60)  # torso lengths below the shoulders between which a neckline lies
HEM_AT = 0.5  # half chests from the centre line
HEM_DEPTHS = (0.5, 1.8)  # torso lengths
REACH_STATIONS = np.linspace(0.05, 2.0, 40)
AT_WRIST = 1.85  # what reaches this far reaches the hand


class NothingDressed(ValueError):
    """The networks put no garment on the torso."""


class NeuralLook:
    """A keyframe as a look.

    Args:
        keyframe: what the networks made.
        garment: that it shows.
        under: the same garment's photo look, drawn on the same person: what hands and arms hide
            in the keyframe is taken from it.

    Attributes:
        garment: as given.
        time_s: of the keyframe, on its video's clock.
        mesh: over the dressed region.
        collar: None: the networks paint the back collar with the rest.

    Raises:
        NothingDressed: there is nothing to show.
    """

    collar: Mesh | None = None

    def __init__(
        self, keyframe: Keyframe, garment: Garment, under: DrawnLook | None = None
    ) -> None:
        self.garment, self.time_s = garment, keyframe.time_s
        picture = _Picture(keyframe, under)
        if not picture.dressed.any():
            raise NothingDressed("The networks dressed nothing.")
        rig = self._rig = Rig.of(keyframe.pose)
        regions = _regions(picture, rig, keyframe.pose)
        if Part.TORSO not in regions or not regions[Part.TORSO].any():
            raise NothingDressed("The networks put no garment on the torso.")
        self.mesh = build_mesh(picture.rgba, regions)
        vertices = picture.to_frame(self.mesh.vertices_tex)
        on_arm = {side: _of_part(self.mesh, SLEEVE_PART[side]) for side in Side}
        self._skin = Skin(rig, vertices, on_arm)
        cloth = _Cloth(picture, rig)
        nowhere = {side: np.zeros(NECKLINE_POINTS + 2, np.bool_) for side in Side}
        self._lines = Skin(rig, np.concatenate([cloth.neckline(), cloth.hem()]), nowhere)
        self._reach = {side: reach for side in Side if (reach := cloth.sleeve_reach(side)) > 0.0}

    def carries(self, pose: Pose) -> bool:
        """Whether the keyframe's picture can still be bent to a pose without tearing."""
        return self._rig.distance(Rig.of(pose)) < 1.0

    def deform(self, body: Body) -> Deformed:
        """Carry the keyframe to a body; at its own pose nothing moves."""
        rig = Rig.of(body.pose)
        lines = self._lines.follow(rig).astype(np.float32)
        return Deformed(
            vertices_px=self._skin.follow(rig).astype(np.float32),
            order=depth_order(body, self.mesh),
            neckline_px=lines[:NECKLINE_POINTS],
            hem_px=lines[NECKLINE_POINTS:],
            sleeve_reach=self._reach,
        )


class _Picture:
    """The keyframe at about the frame's resolution: finer than that nobody will see it.

    Attributes:
        rgba: (h, w, 4) uint8 premultiplied.
        groups: (h, w) uint8 ``VitonGroup``.
        dressed: (h, w) bool, what the networks dressed.
        hidden: (h, w) uint8 part codes of cloth behind hands and arms, taken from the photo look.
    """

    def __init__(self, keyframe: Keyframe, under: DrawnLook | None) -> None:
        height, width = keyframe.alpha.shape
        shrink = min(1.0, SHARPNESS / keyframe.crop.scale)
        size_wh = max(1, round(width * shrink)), max(1, round(height * shrink))
        self._crop = keyframe.crop
        self._zoom = np.array([width / size_wh[0], height / size_wh[1]])
        image = _resized(keyframe.image, size_wh, cv2.INTER_AREA)
        alpha = _without_islands(_resized(keyframe.alpha, size_wh, cv2.INTER_AREA))
        self.groups = _resized(keyframe.groups, size_wh, cv2.INTER_NEAREST)
        self.dressed: Mask = alpha > SOLID
        colour = cv2.multiply(image, cv2.merge([alpha] * 3), scale=1 / 255)
        self.rgba = np.dstack([colour, alpha])
        self.hidden = np.zeros(alpha.shape, np.uint8)
        if under is not None:
            self._fill(under)

    def _fill(self, under: DrawnLook) -> None:
        """Lay the photo look where hands and arms hide the garment: they may move away."""
        corner = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        first, right, down = self.to_frame(corner) - (under.box.x0, under.box.y0)
        way = np.column_stack([right - first, down - first, first])
        size_wh = self.dressed.shape[::-1]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        photo = cv2.warpAffine(under.rgba, way, size_wh, flags=flags)
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        parts = cv2.warpAffine(under.parts, way, size_wh, flags=flags)
        both = self.dressed & (photo[..., 3] == 255) & (self.rgba[..., 3] == 255)
        if np.count_nonzero(both) < FEWEST:
            return
        seen, drawn = (picture[both][:, :3].mean(axis=0) for picture in (self.rgba, photo))
        gain = np.clip(seen / np.maximum(drawn, 1.0), *LIGHT)
        hole = np.isin(self.groups, BEFORE) & ~self.dressed & (photo[..., 3] > SOLID)
        hole = (
            cv2.morphologyEx(hole.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        )
        self.rgba[hole, :3] = np.minimum(photo[hole][:, :3] * gain, photo[hole][:, 3:]).astype(
            np.uint8
        )
        self.rgba[hole, 3] = photo[hole][:, 3]
        self.hidden = np.where(hole, parts, 0).astype(np.uint8)

    def to_frame(self, points: NDArray[np.floating[Any]]) -> Vector:
        """Picture px (n, 2) → frame px."""
        return self._crop.to_frame((points + 0.5) * self._zoom - 0.5).astype(np.float64)

    def from_frame(self, points: Vector) -> Vector:
        """Frame px (n, 2) → picture px."""
        inside: Vector = (self._crop.to_crop(points).astype(np.float64) + 0.5) / self._zoom - 0.5
        return inside

    def sample(self, plane: Mask, points: Vector) -> Mask:
        """A plane at frame positions (n, 2); beyond the picture is False."""
        columns, rows = np.rint(self.from_frame(points)).astype(int).T
        height, width = plane.shape
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        found = np.zeros(len(points), np.bool_)
        found[inside] = plane[rows[inside], columns[inside]]
        return found


def _resized(plane: NDArray[np.uint8], size_wh: tuple[int, int], way: int) -> NDArray[np.uint8]:
    if plane.shape[1::-1] == size_wh:
        return plane
    return np.asarray(cv2.resize(plane, size_wh, interpolation=way), np.uint8)


def _without_islands(alpha: Alpha) -> Alpha:
    solid = (alpha > SOLID).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    keep = stats[:, cv2.CC_STAT_AREA] >= SMALLEST * max(int(solid.sum()), 1)
    keep[0] = False
    near = cv2.dilate(keep[labels].astype(np.uint8), np.ones((9, 9), np.uint8))
    return np.where(near > 0, alpha, np.uint8(0))  # with the soft edge of what is kept


def _regions(picture: _Picture, rig: Rig, pose: Pose) -> dict[Part, Mask]:
    """The pixels each part draws: arms with what is near their bones, the rest is the torso."""
    dressed = picture.dressed
    parts = np.where(dressed, PART_CODES[Part.TORSO], 0).astype(np.uint8)
    box = _coarse(bounds(dressed))
    inside, groups, codes = (plane[box.slices] for plane in (dressed, picture.groups, parts))
    nearest = np.full(inside.shape, np.inf, np.float32)
    for side in Side:
        near, distance = _near_arm(picture, box, rig, pose, side)
        sleeve = (near | (groups == ARM_GROUPS[side])) & inside & (distance < nearest)
        codes[sleeve] = PART_CODES[SLEEVE_PART[side]]
        nearest = np.where(sleeve, distance, nearest)
    parts = np.where(picture.hidden > 0, picture.hidden, parts)
    wanted = [part for part in PART_CODES if (parts == PART_CODES[part]).any()]
    return _with_seams(clean_regions(parts, {part: PART_CODES[part] for part in wanted}))


def _coarse(box: Box) -> Box:
    """A box whose corner lies on the grid of the places where bones are measured."""
    return box._replace(x0=box.x0 - box.x0 % COARSE, y0=box.y0 - box.y0 % COARSE)


def _near_arm(
    picture: _Picture, box: Box, rig: Rig, pose: Pose, side: Side
) -> tuple[Mask, NDArray[np.float32]]:
    """What may be this arm's sleeve in a box, and the distance from its bones, frame px."""
    y, x = np.mgrid[box.y0 : box.y1 + COARSE : COARSE, box.x0 : box.x1 + COARSE : COARSE]
    points = picture.to_frame(np.column_stack([x.ravel(), y.ravel()]).astype(np.float32))
    station, distance = rig.arms[side].station(points)
    across = np.abs(rig.across(points))
    # from beside the torso to right in front of it the room around an arm gets smaller
    clear = smoothstep((across - TORSO_EDGE) / (1.0 - TORSO_EDGE))
    room = CROSSING_ROOM + (SLEEVE_ROOM - CROSSING_ROOM) * clear
    room *= np.interp(station, ARM_AT, ARM_HALF) * rig.half_chest_px
    slack = np.where(station > 0.0, room - distance, -1.0)
    if not _in_front(pose, side):
        slack = np.where(across < TORSO_EDGE, -1.0, slack)
    size_wh = x.shape[1] * COARSE, x.shape[0] * COARSE
    shift = np.array([[COARSE, 0.0, 0.0], [0.0, COARSE, 0.0]])
    near, away = (
        cv2.warpAffine(plane.reshape(x.shape).astype(np.float32), shift, size_wh)[
            : box.height, : box.width
        ]
        for plane in (slack, distance)
    )
    return near > 0.0, np.asarray(away, np.float32)


def _in_front(pose: Pose, side: Side) -> bool:
    """Whether a hand is before the chest."""
    torso = [ARM_JOINTS[s][0] for s in Side] + [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
    wrist = pose.z_px[ARM_JOINTS[side][2]]
    slack_px = BEFORE_CHEST * torso_length_px(pose)
    return bool(wrist < float(pose.z_px[torso].mean()) + slack_px)


def _with_seams(regions: Mapping[Part, Mask]) -> dict[Part, Mask]:
    """Let torso and sleeves overlap a little where they touch."""
    out = {part: region.copy() for part, region in regions.items()}
    sleeves = [part for part in regions if part is not Part.TORSO]
    if Part.TORSO not in regions or not sleeves:
        return out
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * OVERLAP_PX + 1,) * 2)
    there = bounds(np.logical_or.reduce(list(regions.values()))).slices
    grown = {
        p: cv2.dilate(region[there].astype(np.uint8), disc) > 0 for p, region in regions.items()
    }
    for part in sleeves:
        out[part][there] |= regions[Part.TORSO][there] & grown[part]
        out[Part.TORSO][there] |= regions[part][there] & grown[Part.TORSO]
    return out


def _of_part(mesh: Mesh, part: Part) -> Mask:
    found = np.zeros(len(mesh.vertices_tex), np.bool_)
    if part in mesh.sheets:
        found[mesh.sheets[part].rows] = True
    return found


class _Cloth:
    """Lines of the garment that compositing asks for, read off the networks' plan."""

    def __init__(self, picture: _Picture, rig: Rig) -> None:
        self._picture, self._rig = picture, rig
        self._upper = (picture.groups == VitonGroup.UPPER) & picture.dressed

    def neckline(self) -> Vector:
        """(15, 2) upper edge of the garment around the neck, frame px, picture left to right."""
        across = np.linspace(-NECK_REACH, NECK_REACH, NECKLINE_POINTS)
        depths = np.array([self._first(x, *NECK_HEIGHTS) for x in across])
        known = np.isfinite(depths)
        depths = np.interp(across, across[known], depths[known]) if known.any() else 0.0 * across
        return self._rig.at(across, depths)

    def hem(self) -> Vector:
        """(2, 2) lower corners, frame px, picture left then right."""
        across = np.array([-HEM_AT, HEM_AT])
        depths = np.array([self._first(x, *HEM_DEPTHS[::-1]) for x in across])
        return self._rig.at(across, np.where(np.isfinite(depths), depths, 1.0))

    def sleeve_reach(self, side: Side) -> float:
        """How far an arm is covered from the shoulder on: 0 shoulder, 1 elbow, 2 wrist."""
        joints = self._rig.arms[side].joints
        fore = np.maximum(REACH_STATIONS - 1.0, 0.0)[:, None]
        upper = np.minimum(REACH_STATIONS, 1.0)[:, None]
        axis = joints[0] + upper * (joints[1] - joints[0]) + fore * (joints[2] - joints[1])
        covered = self._picture.sample(self._picture.dressed, axis)
        gaps = np.flatnonzero(~covered)
        last = REACH_STATIONS[gaps[0] - 1] if len(gaps) and gaps[0] > 0 else 0.0
        if not len(gaps):
            last = 2.0
        return 2.0 if last >= AT_WRIST else float(last)

    def _first(self, across: float, start: float, stop: float) -> float:
        """Depth of the first pixel of the garment on a line along the body; NaN without one."""
        depths = np.linspace(start, stop, 200)
        found = self._picture.sample(self._upper, self._rig.at(np.full(200, across), depths))
        return float(depths[found.argmax()]) if found.any() else float("nan")
