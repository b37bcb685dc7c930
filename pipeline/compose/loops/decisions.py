"""Which cells stay in front, and which are filled and with what.

Masks are (h, w) uint8, 0 or 255, on the analysis grid; ``Cells`` is what they are decided from. A
loop over all cells combines as many conditions as it can: passes over the grid are what costs.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.cells import (
    AT_HAND,
    BAGGY_BARE,
    BAGGY_CLOTHED,
    DRAWN_SLEEVE,
    LOOSE,
    LOOSER,
    MIDDLE,
    OVER,
    PAINT_BARE,
    PAINT_CLOTHED,
    PERSON,
    RIM_OF_HAND,
    STRIPPED,
    SURE_ARM,
    WORN_CERTAIN,
    WORN_HINT,
    WORN_SURE,
    Cells,
    Marks,
    Mask,
    Points,
)
from pipeline.compose.loops.head import FACE_MIDDLE, HAIR, find_head
from pipeline.compose.loops.masks import (
    CELL,
    TWO_CELLS,
    away_from,
    grown,
    opened,
    shrunk,
    touching,
)

FOREARM_FROM, FOREARM_TO, FOREARM_SAMPLES = 0.05, 0.75, 24  # of the way from elbow to wrist
UPPER_FROM = 0.55  # of the way to the elbow; most of the rest is bare below a short sleeve
HAND_ITSELF = 90  # percent of a hand's radius
COVERED = 225  # garment alpha from which a cell needs no fill
SOLID_WIDTH, RIM = (
    np.intp(2),
    np.intp(3),
)  # cells; the mixed pixels along a worn sleeve's edge look like skin
BESIDE_ARM = 128  # alpha of a bare arm's outline below which the wall may be painted
BARE = 70  # evidence from which a cell of an arm or a neck needs no painting
WORN_BESIDE = 40  # evidence that makes a cell no part of the surroundings
UNIT_CELLS = 32.0  # of half a chest on a camera's grid, seldom more
HOOD = 1.0  # half chests around the chin where a hood may lie
CLOTH_REACH = 0.5  # half chests; the garment is continued no farther than this
TRUNK_ROOM = 0.3  # half chests a worn shirt may be wider than the body
ROOM = 0.07  # torso lengths a garment may stand off the person
ROOM_EDGE = 0.03  # torso lengths over which it ends there


@njit(cache=True, nogil=True)
def add_roles(
    roles: NDArray[np.uint16],
    distance: Mask,
    position: Mask,
    hand_distance: Mask,
    rules: NDArray[np.int32],
) -> None:
    """Add one arm's roles, in place.

    Args:
        roles: (h, w) bits.
        distance, position, hand_distance: the arm's fields, see ``zones.Limb``.
        rules: (n, 4) role, percent of the radius it is nearer than, first and last position;
            ``AT_HAND`` means the distance from the hand.
    """
    rows, columns = roles.shape
    for y in range(rows):
        for x in range(columns):
            if distance[y, x] == 255 and hand_distance[y, x] == 255:
                continue
            for k in range(rules.shape[0]):
                role, radius, first, last = rules[k]
                if role == AT_HAND:
                    if hand_distance[y, x] < radius:
                        roles[y, x] |= AT_HAND
                elif distance[y, x] < radius and first <= position[y, x] <= last:
                    roles[y, x] |= role


@njit(cache=True, nogil=True)
def bare_share(skin: Mask, worn: Mask, hair: Mask, hand_distance: Mask, joints: Points) -> float:
    """Share of a forearm's axis without worn cloth; -1 when it is outside of the picture.

    A forearm that points at the camera is behind its own hand: the end of the upper arm then
    tells whether a sleeve reaches below the elbow.

    Args:
        skin, worn, hair: (h, w) evidence.
        hand_distance: (h, w), see ``zones.Limb``.
        joints: (n, 2) shoulder, elbow, wrist and so on.
    """
    rows, columns = skin.shape
    for bone in (1, 0):
        first = np.float64(FOREARM_FROM if bone == 1 else UPPER_FROM)
        last = np.float64(FOREARM_TO if bone == 1 else 1.0)
        start, end = joints[bone], joints[bone + 1]
        inside, clothed = 0, 0
        for i in range(FOREARM_SAMPLES):
            t = first + (last - first) * i / (FOREARM_SAMPLES - 1)
            x = int(np.floor(start[0] + (end[0] - start[0]) * t + 0.5))
            y = int(np.floor(start[1] + (end[1] - start[1]) * t + 0.5))
            if 0 <= x < columns and 0 <= y < rows and hand_distance[y, x] >= HAND_ITSELF:
                inside += 1
                cloth = np.int32(worn[y, x]) + np.int32(hair[y, x])  # dark sleeves look like hair
                if cloth > WORN_HINT and cloth > skin[y, x]:
                    clothed += 1
        if inside >= FOREARM_SAMPLES // 3:
            return 1.0 - clothed / inside
    return -1.0


@njit(cache=True, nogil=True)
def garment_room(cells: Cells, marks: Marks) -> Mask:
    """Where a garment may be: the person, widened, with a soft edge.

    Below the hips there is no limit: a skirt may be as wide as it likes.
    """
    rows, columns = cells.person.shape
    body = np.empty((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            inside = cells.person[y, x] > PERSON or cells.trunk[y, x]
            inside = inside or cells.roles[y, x] & SURE_ARM
            body[y, x] = 255 if inside else 0
    away = away_from(body)
    end, per = (
        np.float32((ROOM + ROOM_EDGE) * marks.torso),
        np.float32(255.0 / (ROOM_EDGE * marks.torso)),
    )
    out = np.empty((rows, columns), np.uint8)
    last_y, last_x = away.shape[0] - 1, away.shape[1] - 1
    near, far = np.float32(0.75), np.float32(0.25)
    hip, other_hip = marks.hips[0], marks.hips[1]
    ax, ay = other_hip[0] - hip[0], other_hip[1] - hip[1]
    for y in range(rows):
        row, other = y // 2, min(max(y // 2 + 2 * (y % 2) - 1, 0), last_y)
        for x in range(columns):
            column, beside = x // 2, min(max(x // 2 + 2 * (x % 2) - 1, 0), last_x)
            off = near * (near * away[row, column] + far * away[row, beside])
            off += far * (near * away[other, column] + far * away[other, beside])
            soft = min(max((end - off) * per, np.float32(0.0)), np.float32(255.0))
            below = (y - hip[1]) * ax - (x - hip[0]) * ay > 0.0
            out[y, x] = 255 if below else np.uint8(soft)
    return out


@njit(cache=True, nogil=True)
def as_wide(cells: np.intp, marks: Marks) -> np.intp:
    """So many cells of a camera's grid, in those of a photo's, which is finer."""
    return max(cells, np.intp(cells * marks.unit / UNIT_CELLS + 0.5))


@njit(cache=True, nogil=True)
def _solid_skin(cells: Cells) -> Mask:
    """Skin wider than the mix of cloth and wall at a sleeve's edge, which looks like skin."""
    rows, columns = cells.person.shape
    bare = np.empty((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            skin = cells.skin[y, x]
            # a wall may look like skin, and widen what looks like it at an edge
            found = (skin > BARE) & (skin > cells.worn[y, x]) & (cells.person[y, x] > PERSON)
            bare[y, x] = 255 if found else 0
    return opened(bare, SOLID_WIDTH)


@njit(cache=True, nogil=True)
def _painted_skin(cells: Cells, marks: Marks, keep: Mask, over: Mask, solid: Mask) -> Mask:
    """Worn cloth on the neck and on the arms below the drawn sleeves becomes skin.

    On arms in worn sleeves this is wider than the arm: their outline is drawn elsewhere.
    """
    rows, columns = cells.person.shape
    masks = np.zeros((4, rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            cloth = np.int32(cells.worn[y, x]) + np.int32(cells.hair[y, x])
            clothed = (cells.roles[y, x] & PAINT_CLOTHED) != 0
            masks[0, y, x] = 255 if cloth > WORN_SURE else 0
            high = cells.worn[y, x] > WORN_HINT and cells.worn[y, x] > cells.skin[y, x]
            # not of the neck alone, whose edge would cut the points of a collar to slivers
            masks[1, y, x] = 255 if high and not solid[y, x] else 0
            masks[2, y, x] = 255 if clothed and not solid[y, x] else 0
            masks[3, y, x] = 255 if cells.skin[y, x] < BARE else 0
    near = as_wide(TWO_CELLS, marks)
    worn = grown(opened(masks[0], CELL), near)
    collar = grown(opened(masks[1], CELL), near)
    sleeve = grown(opened(masks[2], CELL), near)
    stripped, under = grown(masks[3], CELL), grown(over, as_wide(RIM, marks))
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            role = cells.roles[y, x]
            paint = (cells.neck[y, x] & collar[y, x]) | (stripped[y, x] & cells.opening[y, x])
            paint |= worn[y, x] if role & PAINT_BARE else 0
            paint |= sleeve[y, x] if role & PAINT_CLOTHED else 0
            if cells.person[y, x] <= LOOSER:
                paint = 0
            paint |= under[y, x] if cells.garment[y, x] >= COVERED else 0
            # a bare arm in front of the torso is kept, but not the shadow under a sleeve's hem
            hem = worn[y, x] and role & PAINT_BARE and role & BAGGY_BARE
            out[y, x] = 0 if keep[y, x] and not hem else paint
    return opened(out, CELL)


@njit(cache=True, nogil=True)
def _solid_paint(cells: Cells, skin: Mask) -> Mask:
    """Where painted skin hides all below it."""
    rows, columns = skin.shape
    out = np.empty((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            out[y, x] = skin[y, x] if cells.outline[y, x] > BESIDE_ARM else 0
    return out


@njit(cache=True, nogil=True)
def _painted_ground(cells: Cells, marks: Marks, keep: Mask, skin: Mask, solid: Mask) -> Mask:
    """Worn cloth that stands off the body, a baggy sleeve or a hood: show what is behind it."""
    rows, columns = cells.person.shape
    masks = np.zeros((3, rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            masks[0, y, x] = 255 if cells.person[y, x] > PERSON else 0
            masks[1, y, x] = 255 if cells.person[y, x] > LOOSER else 0
    rim, near = as_wide(RIM, marks), as_wide(TWO_CELLS, marks)
    inside, around = shrunk(masks[0], rim), grown(masks[1], near)
    # under the soft edge of painted skin too, or what is worn would shine through
    painted = shrunk(_solid_paint(cells, skin), near)
    free, hood, sleeves = masks[0], masks[1], masks[2]
    reach = (HOOD * marks.unit) ** 2
    for y in range(rows):
        for x in range(columns):
            role, worn = cells.roles[y, x], cells.worn[y, x]
            cloth = np.int32(worn) + np.int32(cells.hair[y, x])
            taken = painted[y, x] | keep[y, x] | cells.neck[y, x] | cells.trunk[y, x]
            skin_there = (solid[y, x] != 0) & ((inside[y, x] != 0) | ((role & AT_HAND) != 0))
            off = (taken == 0) & (cells.garment[y, x] < COVERED)
            off = off & (((role & MIDDLE) == 0) | (cells.outline[y, x] < BESIDE_ARM))
            off = off & (around[y, x] != 0) & (not skin_there)
            free[y, x] = 255 if off else 0
            person = cells.person[y, x] > LOOSER
            # hoods lie between the head and the shoulders, clear of the garment
            u, v = x - marks.chin[0], y - marks.chin[1]
            hooded = off & person & (worn > WORN_SURE) & (u * u + v * v <= reach)
            hooded = hooded & (cells.hair[y, x] < HAIR // 2) & (cells.below_chin[y, x] > 0)
            hood[y, x] = 255 if hooded else 0
            baggy = role & BAGGY_CLOTHED or (role & BAGGY_BARE and cloth > WORN_SURE)
            sleeves[y, x] = 255 if person and cloth > WORN_HINT and baggy else 0
    hood, sleeves = grown(opened(hood, CELL), rim), grown(opened(sleeves, CELL), rim)
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            hand = cells.roles[y, x] & RIM_OF_HAND
            cuff = cells.worn[y, x] > WORN_CERTAIN and cells.worn[y, x] > cells.skin[y, x]
            hand = hand and not cuff
            show = (sleeves[y, x] and not hand) or (hood[y, x] and cells.person[y, x] > LOOSER)
            out[y, x] = free[y, x] if show else 0
    return out


@njit(cache=True, nogil=True)
def _above_hem(cells: Cells, marks: Marks) -> Mask:
    """Where the garment may be continued: above its hem, or a little below to hide a longer one."""
    rows, columns = cells.person.shape
    sure = np.zeros((rows, columns), np.uint8)
    if marks.below_hem > 0.0:
        for y in range(rows):
            for x in range(columns):
                sure[y, x] = 255 if cells.worn[y, x] > WORN_CERTAIN else 0
        sure = grown(opened(sure, TWO_CELLS), TWO_CELLS)
    left, right = marks.hem[0], marks.hem[1]
    ax, ay = right[0] - left[0], right[1] - left[1]
    length = np.sqrt(ax * ax + ay * ay) + np.float32(1e-6)
    ax, ay = ax / length, ay / length
    out = np.zeros((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            below = (y - left[1]) * ax - (x - left[0]) * ay
            if below < -marks.above_hem or (sure[y, x] and below < marks.below_hem):
                out[y, x] = 255
    return out


@njit(cache=True, nogil=True)
def _continued_cloth(
    cells: Cells, marks: Marks, keep: Mask, skin: Mask, ground: Mask, solid: Mask
) -> Mask:
    """Worn cloth beside the garment becomes garment."""
    rows, columns = cells.person.shape
    masks = np.zeros((2, rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            worn, person = cells.worn[y, x], cells.person[y, x]
            found = (worn > WORN_HINT) & (worn > cells.skin[y, x]) & (person > PERSON)
            masks[0, y, x] = 255 if found else 0
            masks[1, y, x] = 255 if cells.garment[y, x] >= 128 else 0
    cell, near, rim = as_wide(CELL, marks), as_wide(TWO_CELLS, marks), as_wide(RIM, marks)
    worn_rim, above = grown(masks[0], cell), _above_hem(cells, marks)
    painted = _solid_paint(cells, skin)
    loose = grown(cells.trunk, max(1, int(TRUNK_ROOM * marks.unit)))
    away, reach = away_from(masks[1]), np.float32(CLOTH_REACH * marks.unit)
    out = masks[0]
    for y in range(rows):
        for x in range(columns):
            role = cells.roles[y, x]
            room = loose[y, x] or role & DRAWN_SLEEVE
            room = room and (cells.trunk[y, x] or not role & STRIPPED)
            paint = room and worn_rim[y, x] and above[y, x] and not solid[y, x]
            paint = paint and cells.garment[y, x] < COVERED and cells.person[y, x] > LOOSE
            taken = keep[y, x] | painted[y, x] | ground[y, x] | cells.neck[y, x]
            paint = paint and not taken and away[y // 2, x // 2] < reach
            out[y, x] = 255 if paint else 0
    whole = shrunk(grown(out, near), near)  # evidence has gaps, cloth has no notches
    wide, out = grown(whole, rim), grown(whole, cell)
    for y in range(rows):
        for x in range(columns):
            if cells.person[y, x] <= PERSON:  # beyond the person, whose alpha ends it
                out[y, x] = wide[y, x]
    return out


@njit(cache=True, nogil=True)
def decide(cells: Cells, marks: Marks, hands: Mask, things: Mask, room: Mask) -> NDArray[np.uint8]:
    """Layers of a frame, (6, h, w): clothed arms in front, keep, skin, cloth, ground, room."""
    rows, columns = cells.person.shape
    out = np.empty((6, rows, columns), np.uint8)
    head, solid = find_head(cells, marks), _solid_skin(cells)
    keep, sleeves = out[1], np.zeros((2, rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            # worn cloth seen between fingers or strands; never on the middle of the face
            between = cells.worn[y, x] > WORN_CERTAIN and cells.face[y, x] >= FACE_MIDDLE
            keep[y, x] = things[y, x] if between else head[y, x] | hands[y, x] | things[y, x]
            sleeve = cells.roles[y, x] & OVER and cells.person[y, x] > PERSON
            sleeves[0, y, x] = 255 if sleeve else 0
            sleeves[1, y, x] = 255 if sleeve and cells.roles[y, x] & SURE_ARM else 0
            out[5, y, x] = room[y, x]
    # not of the torso that an arm's outline reaches beyond the wall between them
    over = touching(sleeves[0], sleeves[1], 0.0)
    out[0] = over
    skin = _painted_skin(cells, marks, keep, over, solid)
    for y in range(rows):
        for x in range(columns):
            keep[y, x] = 0 if skin[y, x] else keep[y, x]
    ground = _painted_ground(cells, marks, keep, skin, solid)
    cloth = _continued_cloth(cells, marks, keep, skin, ground, solid)
    for y in range(rows):
        for x in range(columns):
            out[2, y, x], out[3, y, x], out[4, y, x] = skin[y, x], cloth[y, x], ground[y, x]
    return out


@njit(cache=True, nogil=True)
def surroundings(cells: Cells, layers: NDArray[np.uint8], cover: Mask) -> Mask:
    """Where the camera shows what may continue behind a slimmed sleeve."""
    rows, columns = cells.person.shape
    worn = np.empty((rows, columns), np.uint8)
    for y in range(rows):
        for x in range(columns):
            found = (cells.worn[y, x] > WORN_BESIDE) & (cells.person[y, x] > LOOSE)
            worn[y, x] = 255 if found else 0
    worn = grown(worn, TWO_CELLS)
    for y in range(rows):
        for x in range(columns):
            other = cells.skin[y, x] < 100 or cells.person[y, x] < 20
            taken = layers[1, y, x] | layers[2, y, x] | layers[4, y, x] | worn[y, x]
            worn[y, x] = 255 if other and not taken and cover[y, x] < 20 else 0
    return worn
