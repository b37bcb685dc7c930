"""The part of a frame that dressing can touch, at two scales.

Full scale is for blending. Analysis (colour, shape, decisions) happens on a grid coarser by a whole
``step``, chosen so that a torso is about ``ANALYSIS_TORSO_PX`` long whatever the camera: costs and
filter sizes then do not depend on the resolution. The grid is anchored at the frame's origin, so
that its cells stay where they are while the box around the person moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.letterbox import without_bars
from pipeline.geometry import Floats, bounding_box
from pipeline.images import to_lab
from pipeline.labels import Landmark
from pipeline.structures import Alpha, Body, Box, DrawnLook, Frame, Image, Points

ANALYSIS_TORSO_PX = 100.0  # finer shows no more of a hand's outline, coarser loses the fingers
ARM_MARGIN = 0.7  # half chests around an arm's joints: a baggy sleeve and what is behind it
HEAD_MARGIN = 0.9  # half chests around a head's landmarks: the crown and the hair
TORSO_MARGIN_PX = 6  # around the drawn look, for shadows and soft edges

HEAD = slice(Landmark.NOSE, Landmark.MOUTH_RIGHT + 1)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A person's neighbourhood in one frame.

    Attributes:
        box: in frame px; its corner lies on the analysis grid.
        step: frame px per analysis px.
        image: (bh, bw, 3) uint8 RGB, the camera's picture in the box.
        person: (bh, bw) uint8, 255 where the pixel belongs to the person.
        small: (h, w, 3) uint8 RGB, ``image`` on the analysis grid.
        lab: (h, w, 3) float32 CIE Lab of ``small``.
        person_small: (h, w) uint8, ``person`` on the analysis grid.
    """

    box: Box
    step: int
    image: Image
    person: Alpha
    small: Image
    lab: NDArray[np.float32]
    person_small: Alpha

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the analysis grid inside the box."""
        return self.small.shape[0], self.small.shape[1]

    @property
    def origin(self) -> tuple[int, int]:
        """Row and column of the box's corner on the frame's analysis grid."""
        return self.box.y0 // self.step, self.box.x0 // self.step

    def blank(self) -> Alpha:
        """An empty map on the analysis grid."""
        return np.zeros(self.shape, np.uint8)

    def to_small(self, points_px: Floats) -> Points:
        """Frame px → analysis px of this view; any (..., 2) array."""
        corner = np.array([self.box.x0, self.box.y0], np.float32)
        return np.asarray((points_px - corner + 0.5) / self.step - 0.5, np.float32)

    def to_full(self, small: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Interpolate an analysis map (h, w) or (h, w, c) to the box's pixels."""
        rows, columns = self.image.shape[:2]
        height, width = self.shape
        if self.step == 1:
            return small
        size = (width * self.step, height * self.step)
        full = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(full[:rows, :columns])


def look_at(frame: Frame, body: Body, drawn: DrawnLook) -> View:
    """Cut out the neighbourhood of a person and prepare it for analysis."""
    step = max(1, int(np.ceil(body.torso_px / ANALYSIS_TORSO_PX)))
    box = _neighbourhood(body, drawn, without_bars(frame.image), step)
    image = np.ascontiguousarray(frame.image[box.slices])
    person = np.ascontiguousarray(body.pose.person_alpha[box.slices])
    small = shrink(image, step)
    return View(box, step, image, person, small, to_lab(small), shrink(person, step))


def shrink(array: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Mean of every step × step block of (H, W) or (H, W, c); the last may hang over the edge."""
    if step == 1:
        return array
    rows, columns = array.shape[:2]
    height, width = -(-rows // step), -(-columns // step)
    down, right = height * step - rows, width * step - columns
    if down or right:
        array = np.asarray(
            cv2.copyMakeBorder(array, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    return np.asarray(cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _neighbourhood(body: Body, drawn: DrawnLook, content: Box, step: int) -> Box:
    """Everything that dressing may change; nothing outside of ``content`` is the scene's."""
    half_chest = body.half_chest_px
    size_wh = (content.x1, content.y1)
    arms = [
        joint
        for arm in body.arms.values()
        for joint in (arm.shoulder, arm.elbow, arm.wrist, 2 * arm.hand - arm.wrist)
    ]
    boxes = [
        drawn.box,
        bounding_box(np.array(arms), size_wh, int(ARM_MARGIN * half_chest)),
        bounding_box(body.pose.landmarks_px[HEAD], size_wh, int(HEAD_MARGIN * half_chest)),
    ]
    boxes = [box for box in boxes if box.width > 0 and box.height > 0]
    x0 = _on_grid(min(box.x0 for box in boxes) - TORSO_MARGIN_PX, content.x0, step)
    y0 = _on_grid(min(box.y0 for box in boxes) - TORSO_MARGIN_PX, content.y0, step)
    x1 = min(content.x1, max(box.x1 for box in boxes) + TORSO_MARGIN_PX)
    y1 = min(content.y1, max(box.y1 for box in boxes) + TORSO_MARGIN_PX)
    return Box(x0, y0, max(x1, x0 + step), max(y1, y0 + step))


def _on_grid(start: int, least: int, step: int) -> int:
    """The grid line at or before ``start``, but not before ``least``."""
    return max(start // step * step, -(-least // step) * step)
