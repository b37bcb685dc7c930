"""Hair that hangs: many locks from the scalp down over shoulders, chest and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.labels import OwnPart
from weights.training.generator.items import Item, make_item
from weights.training.generator.materials import RGB, Kind, Material
from weights.training.generator.meshes import Floats
from weights.training.generator.shapes import tubes

LOCKS = (120, 340)
KNOTS = 16  # points along a lock
SIDES = 4
SHADES = (0.65, 1.0, 1.35)
CELL_M = 0.02  # of the map of the body's surface
HEAD_RADII_M = (0.083, 0.108, 0.125)  # what locks keep out of: half width, depth and height
CLEAR_M = 0.012
SLIDE_M = 0.05  # so far a lock gives way in one step; it does not jump through the body
HAIRY = 0.5  # of the scalp field
FACE_HALF_M = 0.055  # no lock hangs before the face

Bools = NDArray[np.bool_]


def hanging_hair(
    posed: Floats,
    trunk: Floats,
    scalp: Floats,
    turn: Floats,
    colour: RGB,
    rng: np.random.Generator,
) -> list[Item]:
    """Locks on one head.

    Args:
        posed: (n, 3) the body, before it is turned; faces -y.
        trunk: (k, 3) those of its vertices that the hair lies on.
        scalp: (n,) where hair grows, above 0.5.
        turn: (3, 3) the turn of the whole person.

    Returns:
        One item per shade; nothing when there is no scalp.
    """
    roots = np.flatnonzero(scalp > HAIRY)
    if len(roots) == 0:
        return []
    crown = posed[roots]
    middle = (crown.max(0) + crown.min(0)) / 2 - [0, 0, 0.02]
    count = min(int(rng.uniform(*LOCKS)), len(roots))
    starts = posed[rng.choice(roots, count, replace=False)].astype(np.float64)
    front = rng.choice([0.0, 0.5, 1.0], p=[0.35, 0.3, 0.35])  # how much of it hangs in front
    over_chest = rng.random(2) < 0.75  # a side may be thrown back
    left = (starts[:, 0] > middle[0]).astype(int)
    forward = (rng.random(count) < front) & over_chest[left]
    lengths = rng.uniform(0.12, 0.55) * rng.uniform(0.75, 1.1, count)
    paths = _fall(starts, middle, lengths, forward, _Surface(trunk), rng)
    paths = paths + _waves(count, rng)
    thick = rng.uniform(0.003, 0.008) * np.clip(np.linspace(1.6, 0.2, KNOTS), 0, 1)
    gloss, shade = float(rng.uniform(0.02, 0.15)), rng.integers(len(SHADES), size=count)
    items = []
    for i, bright in enumerate(SHADES):
        mesh, points = tubes(paths[shade == i], thick, SIDES)
        r, g, b = (c * bright for c in colour)
        material = Material(Kind.PLAIN, int(OwnPart.HAIR), (r, g, b), gloss=gloss)
        world = (points @ turn.T).astype(np.float32)
        items.append(make_item(mesh, world, world, material))
    return items


def _waves(count: int, rng: np.random.Generator) -> Floats:
    """(count, KNOTS, 3) metres: wavy or curly hair."""
    turns = rng.uniform(4, 14, (count, 1)) * np.linspace(0, 1, KNOTS)
    swing = rng.uniform(0, 0.02) * np.sin(turns + rng.uniform(0, 6, (count, 1)))
    return np.asarray(swing[..., None] * [1, 0.4, 0])


def _fall(
    starts: Floats,
    middle: Floats,
    lengths: Floats,
    forward: Bools,
    surface: _Surface,
    rng: np.random.Generator,
) -> Floats:
    """(n, KNOTS, 3) paths: outwards, around the skull, down over the body."""
    count = len(starts)
    side = np.where(starts[:, 0] > middle[0], 1.0, -1.0)
    goal = middle[0] + side * rng.uniform(0.06, 0.125, count)
    points = starts + (starts - middle) * 0.03
    path = [points]
    steps = (lengths + starts[:, 2] - middle[2] + 0.12) / (KNOTS - 1)
    back = np.where(forward, -0.02, 0.1)
    for _ in range(KNOTS - 1):
        pull = np.stack([3.5 * (goal - points[:, 0]), back, np.full(count, -1.0)], 1)
        pull /= np.linalg.norm(pull, axis=1, keepdims=True)
        points = _outside_head(points + steps[:, None] * pull, middle)
        points = surface.outside(points, forward)
        path.append(points)
    return np.stack(path, 1)


def _outside_head(points: Floats, middle: Floats) -> Floats:
    way = (points - middle) / HEAD_RADII_M
    distance = np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
    points = np.where(distance < 1, middle + way / distance * HEAD_RADII_M, points)
    aside = points[:, 0] - middle[0]
    before_face = (
        (points[:, 2] < middle[2] + 0.03)
        & (points[:, 1] < middle[1] - 0.03)
        & (np.abs(aside) < FACE_HALF_M)
    )
    points[before_face, 0] = middle[0] + np.where(aside > 0, 1, -1)[before_face] * FACE_HALF_M
    return points


class _Surface:
    """How far the body reaches to the front and to the back, by place.

    Args:
        posed: (n, 3) its vertices.
    """

    def __init__(self, posed: Floats) -> None:
        self._low = posed[:, [0, 2]].min(0)
        cells = ((posed[:, [0, 2]] - self._low) / CELL_M).astype(int)
        self._last = cells.max(0)
        self._front = np.full(self._last + 1, np.inf)
        self._back = np.full(self._last + 1, -np.inf)
        np.minimum.at(self._front, (cells[:, 0], cells[:, 1]), posed[:, 1])
        np.maximum.at(self._back, (cells[:, 0], cells[:, 1]), posed[:, 1])

    def outside(self, points: Floats, forward: Bools) -> Floats:
        """Push points (n, 3) out of the body, to its front or to its back."""
        cells = np.floor((points[:, [0, 2]] - self._low) / CELL_M).astype(int)
        on_map = ((cells >= 0) & (cells <= self._last)).all(1)
        column, row = np.clip(cells, 0, self._last).T
        front, back = self._front[column, row] - CLEAR_M, self._back[column, row] + CLEAR_M
        y = points[:, 1]
        inside = on_map & (front < y) & (y < back)
        goal = np.clip(np.where(forward, front, back), y - SLIDE_M, y + SLIDE_M)
        moved = points.copy()
        moved[inside, 1] = goal[inside]
        return moved
