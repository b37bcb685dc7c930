"""The part of a frame that dressing can touch, at two scales.

Full scale is for blending. Analysis (colour, shape, decisions) happens on a grid coarser by a whole
``step``, chosen so that the neighbourhood of a person has about the same number of cells whatever
the camera: costs then do not depend on the resolution. The grid is anchored at the frame's origin,
so that its cells stay where they are while the box around the person moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.compose.letterbox import without_bars
from pipeline.compose.loops.grid import block_means
from pipeline.compose.outline import true_outline
from pipeline.geometry import Floats
from pipeline.images import to_lab_bytes
from pipeline.labels import Landmark
from pipeline.structures import Alpha, Body, Box, DrawnLook, Image, Points

CELLS = 27_000  # around a person; finer shows no more of a hand, coarser loses the fingers
FEW_CELLS = 10_000  # the same when time is short
MANY_CELLS = 4 * CELLS  # the same for a photo, which shows edges that a camera blurs
TOO_MANY, TOO_FEW = 1.25, 0.75  # of these; within, a step is kept: arms that rise change no grid
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
        first: (2,) x, y of the middle of the first cell, frame px.
        grid: rows and columns of the whole frame's analysis grid.
        small: (h, w, 3) uint8 RGB, the camera's picture in the box, on the analysis grid.
        lab: (h, w, 3) uint8, ``small`` in CIE Lab, see ``images.to_lab_bytes``.
        person: (h, w) uint8, 255 where the cell belongs to the person, see ``outline``.
    """

    box: Box
    step: int
    first: Points
    grid: tuple[int, int]
    small: Image
    lab: NDArray[np.uint8]
    person: Alpha

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
        return np.asarray((points_px - self.first) * np.float32(1.0 / self.step), np.float32)

    def shrink(self, picture: NDArray[np.uint8], at: tuple[int, int] | None) -> NDArray[np.uint8]:
        """Mean of every cell of a picture (H, W, c) in frame px.

        Args:
            picture: what to average.
            at: column and row of the picture's corner in the frame, with nothing around it; None
                for a picture of the whole frame, in which the last cells may hang over the edge.
        """
        x, y = at or (0, 0)
        rows, columns = self.shape
        top, left = self.box.y0 - y, self.box.x0 - x
        return np.asarray(
            block_means(plain(picture), top, left, self.step, rows, columns, at is not None),
            np.uint8,
        )


class Viewer:
    """Chooses the analysis grid, and keeps to it while it fits."""

    def __init__(self) -> None:
        self._step = 0

    def look_at(self, image: Image, body: Body, drawn: DrawnLook, cells: int) -> View:
        """Cut out the neighbourhood of a person and prepare it for analysis.

        Args:
            image: (H, W, 3) uint8 RGB, the camera's picture; contiguous.
            body: the person in it.
            drawn: the look drawn on that body.
            cells: about how many the grid shall have.
        """
        content = without_bars(image)
        box = _neighbourhood(body, drawn, content)
        step = self._choose_step(box.width * box.height, cells)
        # some maps have one value for 2 × 2 cells: these too stay where they are
        pair = 2 * step
        x0, y0 = _on_grid(box.x0, content.x0, pair), _on_grid(box.y0, content.y0, pair)
        box = Box(x0, y0, max(box.x1, x0 + 1), max(box.y1, y0 + 1))
        rows, columns = -(-box.height // step), -(-box.width // step)
        small = block_means(image, y0, x0, step, rows, columns, False)
        alpha = plain(body.pose.person_alpha)[..., None]
        person = block_means(alpha, y0, x0, step, rows, columns, False)[..., 0]
        grid = -(-image.shape[0] // step), -(-image.shape[1] // step)
        inside = (step - 1) / 2  # the middle of a cell is that of its pixels
        first = np.array([x0 + inside, y0 + inside], np.float32)
        lab = to_lab_bytes(small)
        return View(box, step, first, grid, small, lab, true_outline(person, lab))

    def _choose_step(self, area: int, cells: int) -> int:
        fits = area <= TOO_MANY * cells * self._step**2
        if not fits or area < TOO_FEW * cells * (self._step - 1) ** 2:
            self._step = max(1, int(np.ceil(np.sqrt(area / cells))))
        return self._step


def plain(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same array in the one layout that loops are compiled for; a copy only if it has to be."""
    return np.require(array, requirements=["C", "W"])


def _on_grid(start: int, least: int, step: int) -> int:
    """The grid line at or before ``start``, but not before ``least``."""
    return max(start // step * step, -(-least // step) * step)


def _neighbourhood(body: Body, drawn: DrawnLook, content: Box) -> Box:
    """Everything that dressing may change; nothing outside of ``content`` is the scene's."""
    half_chest = body.half_chest_px
    arms = [
        joint
        for arm in body.arms.values()
        for joint in (arm.shoulder, arm.elbow, arm.wrist, 2 * arm.hand - arm.wrist)
    ]
    boxes = [
        drawn.box,
        _around(np.array(arms), ARM_MARGIN * half_chest, content),
        _around(body.pose.landmarks_px[HEAD], HEAD_MARGIN * half_chest, content),
    ]
    boxes = [box for box in boxes if box.width > 0 and box.height > 0]
    return Box(
        max(content.x0, min(box.x0 for box in boxes) - TORSO_MARGIN_PX),
        max(content.y0, min(box.y0 for box in boxes) - TORSO_MARGIN_PX),
        min(content.x1, max(box.x1 for box in boxes) + TORSO_MARGIN_PX),
        min(content.y1, max(box.y1 for box in boxes) + TORSO_MARGIN_PX),
    )


def _around(points: Floats, margin: float, content: Box) -> Box:
    """The box around points (n, 2), as far as it is inside of the content."""
    x0, y0 = points.min(axis=0).tolist()
    x1, y1 = points.max(axis=0).tolist()
    return Box(
        min(max(int(x0 - margin), content.x0), content.x1),
        min(max(int(y0 - margin), content.y0), content.y1),
        max(min(int(x1 + margin) + 2, content.x1), content.x0),
        max(min(int(y1 + margin) + 2, content.y1), content.y0),
    )
