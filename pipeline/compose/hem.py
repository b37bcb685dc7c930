"""How far down the garment reaches that the person really wears.

A hem is the depth across which the colours of the body change for good: what lies above it does
not look like what lies below it. Likeness alone ("down to here it looks like the chest") would read
dark trousers as the end of a dark shirt. Where nothing changes, there is no hem to be seen.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.geometry import Floats
from pipeline.images import to_lab
from pipeline.structures import Alpha, Body, Image, Points

Row = NDArray[np.float32]

LEVEL_STEP = 0.03  # torso lengths between two rows of samples
LEVELS = np.arange(0.40, 1.66, LEVEL_STEP)  # torso lengths below the shoulder line
COLUMNS = np.linspace(-0.45, 0.45, 8)  # half chests beside the centre line
OVERSAMPLE = 3  # samples a cell averages along each axis, against the camera's noise
ON_PERSON = 160  # person alpha of a usable cell
OFF_ARM = 1.3  # bare arm radii around forearms that say nothing about the trunk
FOREARM = 80  # percent along an arm at which the forearm begins to hide the trunk
FAR = 255  # value of a distance of cells that nothing is known about
OFF_HAND = 100  # percent of a hand's radius, likewise
MIN_CELLS = 12  # on either side of a hem; fewer say nothing
SAME_COLOUR = (5.0, 3.5, 3.5)  # Lab spread of one cloth in one light

ROWS_ABOVE, ROWS_BELOW = 11, 8  # compared for good; a stripe or a waistband is shorter
ROWS_NEAR = 3  # compared at the edge itself: light that fades down a shirt makes no edge
CLEAR = 0.5  # contrast (0 same colours .. 1 none in common) from which a hem is believed
FIRST = 0.9  # of the clearest contrast is enough for a hem above it: bare skin, then trousers
PRIOR_AT = (0.60, 0.72, 0.85, 1.20, 1.45)  # torso lengths; hems lie around the hips
PRIOR = (0.0, 0.75, 1.0, 1.0, 0.7)

BARE = 150  # evidence of a cell that is bare skin
WORN = 70  # evidence of a cell that is worn cloth
WORN_SHARE = 0.6  # of the lowest rows, when the picture ends before the garment does
CUT_FROM, CUT_TO = 0.75, 1.2  # torso lengths; cloth cut off lower may be trousers

READ_EVERY_S = 0.19  # a hem moves with the clothes, and what counts is a median
MEDIAN_S = 1.5  # span over which the middle of what was found counts
TIME_S = 0.6  # how fast the hem follows
DEAD_BAND = 0.04  # torso lengths; smaller changes of the hem are noise


class _Reading(NamedTuple):
    """A hem in one frame."""

    time_s: float
    depth: float  # torso lengths
    seen: bool  # as an edge; otherwise the picture ends before the garment does


class WornHem:
    """Follows the hem of the worn garment from frame to frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self.depth: float | None = None
        self._found: deque[_Reading] = deque()
        self._time_s: float | None = None

    def update(
        self, image: Image, view: View, zones: Zones, body: Body, evidence: Evidence, time_s: float
    ) -> None:
        """Look for the hem in one frame; ``depth`` (torso lengths) keeps its value when unseen.

        Args:
            image: (H, W, 3) uint8 RGB, the whole frame: trousers may lie below the view.
            view: the person's neighbourhood.
            zones: where its parts are.
            body: the person.
            evidence: what the view's pixels look like.
            time_s: the frame's time; a frame seen twice teaches nothing new.
        """
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        if self._time_s is not None and elapsed < READ_EVERY_S:
            return
        self._time_s = time_s
        reading = _read(image, view, zones, body, evidence, time_s)
        if reading is None:
            return
        self._found.append(reading)
        while time_s - self._found[0].time_s > MEDIAN_S:
            self._found.popleft()
        seen = [reading.depth for reading in self._found if reading.seen]
        middle = float(np.median(seen or [reading.depth for reading in self._found]))
        if self.depth is None:
            self.depth = middle
        elif abs(middle - self.depth) > DEAD_BAND:
            self.depth += float(1.0 - np.exp(-elapsed / TIME_S)) * (middle - self.depth)


def _read(
    image: Image, view: View, zones: Zones, body: Body, evidence: Evidence, time_s: float
) -> _Reading | None:
    """The hem in one frame; None when unclear."""
    lab, usable, inside = _sample(image, view, zones, body)
    depths, contrast = _contrasts(lab, usable)
    contrast *= _prior(view, body, evidence, depths, usable)
    clear = contrast >= max(CLEAR, FIRST * float(contrast.max()))
    if not clear.any():
        end = _cut_off(view, body, evidence, usable, inside)
        return None if end is None else _Reading(time_s, end, seen=False)
    first = int(np.argmax(clear))
    last = first + int(np.argmin(np.append(clear[first:], False)))
    depth = float(depths[first + int(np.argmax(contrast[first:last]))])
    return _Reading(time_s, depth, seen=True)


def _sample(
    image: Image, view: View, zones: Zones, body: Body
) -> tuple[Row, NDArray[np.bool_], NDArray[np.bool_]]:
    """Lab (r, c, 3) of the trunk's cells, whether each is usable, and rows inside the picture."""
    places = _places(body)
    height, width = image.shape[:2]
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    person = _straighten(body.pose.person_alpha, places)
    usable = inside & (person >= ON_PERSON) & ~_arms(view, zones, places)
    return to_lab(_straighten(image, places)), usable, inside.any(axis=1)


def _places(body: Body) -> Points:
    """Centres of the cells in frame px, (r, c, 2)."""
    down = -body.up * (LEVELS[:, None, None] * body.torso_px)
    across = body.right * (COLUMNS[None, :, None] * body.half_chest_seen_px)
    return np.asarray(body.mid_shoulder + down + across, np.float32)


def _straighten(plane: NDArray[np.uint8], places: Points) -> NDArray[np.uint8]:
    """Mean of a frame's plane in every cell, (r, c) or (r, c, k); 0 outside of the frame."""
    rows, columns = places.shape[:2]
    down = (places[1, 0] - places[0, 0]) / OVERSAMPLE
    across = (places[0, 1] - places[0, 0]) / OVERSAMPLE
    corner = places[0, 0] - (down + across) * ((OVERSAMPLE - 1) / 2.0)
    to_frame = np.stack([across, down, corner], axis=1).astype(np.float32)
    fine = cv2.warpAffine(
        plane,
        to_frame,
        (columns * OVERSAMPLE, rows * OVERSAMPLE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    return np.asarray(cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _arms(view: View, zones: Zones, places: Floats) -> NDArray[np.bool_]:
    """Places (r, c) that a forearm or a hand hides."""
    hidden = np.zeros(places.shape[:2], np.bool_)
    for limb in zones.limbs.values():
        near = _look_up(view, limb.distance, places, FAR) < 100 * OFF_ARM
        near &= _look_up(view, limb.position, places, 0) >= FOREARM
        hidden |= near | (_look_up(view, limb.hand_distance, places, FAR) < OFF_HAND)
    return hidden


def _look_up(view: View, plane: Alpha, places: Floats, outside: int) -> Alpha:
    """A plane of the view at frame points (r, c, 2); ``outside`` of the view a given value."""
    at = np.round(view.to_small(places)).astype(int)
    x, y = at[..., 0], at[..., 1]
    rows, columns = view.shape
    known = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
    values = plane[y.clip(0, rows - 1), x.clip(0, columns - 1)]
    return np.where(known, values, np.uint8(outside))


def _contrasts(lab: Row, usable: NDArray[np.bool_]) -> tuple[Row, Row]:
    """Depths between two rows, and how much the colours above differ there from those below.

    The contrast is one minus the cosine between the two sets' kernel mean embeddings (Gretton
    et al. 2012, "A kernel two-sample test"): 0 for the same mixture of colours, 1 for none shared,
    whatever the print.
    """
    cells = (lab / np.array(SAME_COLOUR, np.float32)).reshape(-1, 3)
    square = (cells * cells).sum(axis=1)
    apart = np.maximum(square[:, None] + square[None, :] - 2.0 * (cells @ cells.T), 0.0)
    weight = usable.ravel().astype(np.float32)
    like = np.exp(-0.5 * apart) * weight[:, None] * weight[None, :]
    rows, columns = usable.shape
    by_row = like.reshape(rows, columns, rows, columns).sum(axis=(1, 3))
    total = np.zeros((rows + 1, rows + 1))
    total[1:, 1:] = by_row.cumsum(axis=0).cumsum(axis=1)
    count = np.concatenate([[0], usable.sum(axis=1).cumsum()])
    contrast = np.zeros(rows + 1, np.float32)
    for at in range(ROWS_NEAR, rows - ROWS_NEAR + 1):
        wide = _contrast(total, count, max(0, at - ROWS_ABOVE), at, min(rows, at + ROWS_BELOW))
        near = _contrast(total, count, at - ROWS_NEAR, at, at + ROWS_NEAR)
        contrast[at] = wide * near
    depths = np.append(LEVELS, LEVELS[-1] + LEVEL_STEP) - LEVEL_STEP / 2.0
    return depths.astype(np.float32), contrast


def _contrast(
    total: NDArray[np.float64], count: NDArray[np.int64], start: int, at: int, end: int
) -> float:
    """Contrast of the rows ``start``..``at`` to those ``at``..``end``; 0 when too few are seen."""
    if min(count[at] - count[start], count[end] - count[at]) < MIN_CELLS:
        return 0.0

    def likeness(a: tuple[int, int], b: tuple[int, int]) -> float:
        (a0, a1), (b0, b1) = a, b
        return float(total[a1, b1] - total[a0, b1] - total[a1, b0] + total[a0, b0])

    above, below = (start, at), (at, end)
    own = likeness(above, above) * likeness(below, below)
    return 1.0 - likeness(above, below) / float(np.sqrt(own))


def _prior(
    view: View, body: Body, evidence: Evidence, depths: Row, usable: NDArray[np.bool_]
) -> Row:
    """How likely a hem is at each depth: around the hips, or higher where bare skin follows."""
    bare = (_look_up(view, evidence.skin, _places(body), 0) > BARE) & usable
    below = [float(bare[at : at + ROWS_NEAR].sum()) for at in range(len(depths))]
    seen = [max(1.0, float(usable[at : at + ROWS_NEAR].sum())) for at in range(len(depths))]
    share = np.where(depths > PRIOR_AT[0], np.array(below) / np.array(seen), 0.0)
    usual = np.interp(depths, PRIOR_AT, PRIOR, right=0.0)
    return np.maximum(usual, np.where(depths < PRIOR_AT[-1], share, 0.0)).astype(np.float32)


def _cut_off(
    view: View,
    body: Body,
    evidence: Evidence,
    usable: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> float | None:
    """Where the picture ends, if the worn garment goes on to there and cannot be trousers yet."""
    if inside.all() or not inside.any():
        return None
    lowest = int(np.flatnonzero(inside)[-1])
    depth = float(LEVELS[lowest])
    if not CUT_FROM <= depth <= CUT_TO:
        return None
    rows = np.s_[lowest - ROWS_NEAR : lowest + 1]
    worn = (_look_up(view, evidence.worn, _places(body)[rows], 0) > WORN) & usable[rows]
    seen = int(usable[rows].sum())
    return depth if seen >= MIN_CELLS and worn.sum() > WORN_SHARE * seen else None
