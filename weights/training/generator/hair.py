"""Hair that hangs: many locks from the scalp down over shoulders, chest and back."""

from __future__ import annotations

import numpy as np

from pipeline.labels import OwnPart
from weights.training.generator.items import Item, make_item
from weights.training.generator.materials import RGB, Kind, Material
from weights.training.generator.meshes import Floats, Mesh
from weights.training.generator.shapes import tube

LOCKS = (120, 340)
KNOTS = 16  # points along a lock
SIDES = 4
CELL_M = 0.02  # of the map of the body's surface
HEAD_RADII_M = (0.083, 0.108, 0.125)  # what locks keep out of: half width, depth and height
CLEAR_M = 0.012
HAIRY = 0.5  # of the scalp field
FACE_HALF_M = 0.055  # no lock hangs before the face


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
        At most one item per shade; nothing when there is no scalp.
    """
    roots = np.flatnonzero(scalp > HAIRY)
    if len(roots) == 0:
        return []
    crown = posed[roots]
    middle = (crown.max(0) + crown.min(0)) / 2
    middle[2] -= 0.02
    surface = _Surface(trunk)
    length = rng.uniform(0.12, 0.55)
    front = rng.choice([0.0, 0.5, 1.0], p=[0.35, 0.3, 0.35])  # how much of it hangs in front
    sides = rng.random(2) < 0.75  # a side may be thrown back
    wave, thick = rng.uniform(0, 0.02), rng.uniform(0.003, 0.008)
    chosen = rng.choice(roots, min(int(rng.uniform(*LOCKS)), len(roots)), replace=False)
    shades: list[list[tuple[Mesh, Floats]]] = [[], [], []]
    for root in chosen:
        start = posed[root]
        left = bool(start[0] > middle[0])
        forward = bool(rng.random() < front and sides[int(left)])
        own = length * rng.uniform(0.75, 1.1)
        path = _fall(start, middle, own, forward, surface, rng)
        path = path + wave * np.sin(np.linspace(0, rng.uniform(4, 14), KNOTS) + rng.uniform(0, 6))[
            :, None
        ] * [1, 0.4, 0]
        taper = thick * np.clip(np.linspace(1.6, 0.2, KNOTS), 0, 1)
        shades[rng.integers(3)].append(tube(path, taper, sides=SIDES))
    return [
        _bundle(locks, turn, colour, bright, rng)
        for locks, bright in zip(shades, (0.65, 1.0, 1.35), strict=True)
        if locks
    ]


def _fall(
    start: Floats,
    middle: Floats,
    length: float,
    forward: bool,
    surface: _Surface,
    rng: np.random.Generator,
) -> Floats:
    """(KNOTS, 3) path of one lock: outwards, around the skull, down over the body."""
    side = 1.0 if start[0] > middle[0] else -1.0
    aside = rng.uniform(0.06, 0.125) * side
    goal = np.array([middle[0] + aside, 0, 0])
    point = start + (start - middle) * 0.03
    points = [point]
    step = (length + (start[2] - middle[2] + 0.12)) / (KNOTS - 1)
    for _ in range(KNOTS - 1):
        pull = np.array([0.35 * (goal[0] - point[0]) / 0.1, (0.1 if not forward else -0.02), -1.0])
        point = point + step * pull / np.linalg.norm(pull)
        point = _outside_head(point, middle)
        point = surface.outside(point, forward)
        points.append(point)
    return np.array(points)


def _outside_head(point: Floats, middle: Floats) -> Floats:
    way = (point - middle) / HEAD_RADII_M
    distance = float(np.linalg.norm(way))
    if distance < 1:
        point = middle + way / max(distance, 1e-6) * HEAD_RADII_M
    below_hairline = point[2] < middle[2] + 0.03
    before = point[1] < middle[1] - 0.03 and abs(point[0] - middle[0]) < FACE_HALF_M
    before_face = below_hairline and before
    if before_face:
        side = 1.0 if point[0] > middle[0] else -1.0
        point = np.array([middle[0] + side * FACE_HALF_M, point[1], point[2]])
    return point


class _Surface:
    """How far the body reaches to the front and to the back, by place.

    Args:
        posed: (n, 3) its vertices.
    """

    def __init__(self, posed: Floats) -> None:
        self._low = posed[:, [0, 2]].min(0)
        cells = ((posed[:, [0, 2]] - self._low) / CELL_M).astype(int)
        shape = cells.max(0) + 1
        self._front = np.full(shape, np.inf)
        self._back = np.full(shape, -np.inf)
        np.minimum.at(self._front, (cells[:, 0], cells[:, 1]), posed[:, 1])
        np.maximum.at(self._back, (cells[:, 0], cells[:, 1]), posed[:, 1])

    def outside(self, point: Floats, forward: bool) -> Floats:
        """Push a point out of the body, to its front or to its back."""
        column, row = ((point[[0, 2]] - self._low) / CELL_M).astype(int)
        if not (0 <= column < self._front.shape[0] and 0 <= row < self._front.shape[1]):
            return point
        front, back = self._front[column, row], self._back[column, row]
        if not np.isfinite(front) or not front - CLEAR_M < point[1] < back + CLEAR_M:
            return point
        y = front - CLEAR_M if forward else back + CLEAR_M
        # a lock slides along the body and does not jump through it
        y = np.clip(y, point[1] - 0.05, point[1] + 0.05)
        return np.array([point[0], y, point[2]])


def _bundle(
    locks: list[tuple[Mesh, Floats]],
    turn: Floats,
    colour: RGB,
    bright: float,
    rng: np.random.Generator,
) -> Item:
    starts = np.cumsum([0] + [len(points) for _, points in locks])
    points = np.concatenate([p for _, p in locks]) @ turn.T
    faces = np.concatenate([m.faces + s for (m, _), s in zip(locks, starts, strict=False)])
    count = len(points)
    mesh = Mesh(
        np.arange(count, dtype=np.int32), np.zeros((count, 2), np.float32), faces.astype(np.int32)
    )
    r, g, b = (c * bright for c in colour)
    material = Material(
        Kind.PLAIN, int(OwnPart.HAIR), (r, g, b), gloss=float(rng.uniform(0.02, 0.15))
    )
    world = points.astype(np.float32)
    return make_item(mesh, world, world, material)
