"""Things in front of a torso: which places and cells show them, and which colours are its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.compose.loops.cells import PERSON, Mask
from pipeline.compose.loops.masks import CELL, TWO_CELLS, away_from, grown, opened, shrunk, touching

# Lab in bytes is sorted into bins; all bins within these of one of a torso's are its own, too:
# cloth is mostly darker than usual in its folds, and brighter only by so much in the light
LIGHT_BITS, CHROMA_BITS = 4, 3  # of a byte that a bin holds
LIGHT_BINS, CHROMA_BINS = 256 >> LIGHT_BITS, 256 >> CHROMA_BITS
BRIGHTER, DARKER, OTHER_CHROMA = 3, 8, 1

# What a place of a torso shows: nothing of it, what it usually does, something else, and something
# in a colour that the torso has nowhere.
HIDDEN, USUAL, CHANGED, FOREIGN = 0, 1, 2, 3
CLEARLY = 40  # Lab bytes, summed, between what a place usually shows and something else
ON_PERSON = 160  # person alpha of a usable place
OFF_ARM = 150  # percent of a bare arm's radius around forearms that say nothing about the trunk
FOREARM = 80  # percent along an arm at which the forearm begins to hide the trunk
OFF_HAND = 130  # percent of a hand's radius, likewise
BODY = 90  # evidence of a place that is skin or hair
LIKE_BODY = 0.05  # likeness of a cell's colour from which it is that of skin or hair
LIKELY_WORN = 128  # share of the parser's that may teach what a torso looks like
FIRST_SIGHT_S = 1e-3  # for which a place counts as seen when it is seen first
KNOWN_S = 0.25  # a place is known when it was seen so long

Arm = tuple[Mask, Mask, Mask]  # distance, position, hand_distance, see ``zones.Limb``


class Sight(NamedTuple):
    """What of a view tells things from a body: (h, w) uint8 each, ``lab`` (h, w, 3)."""

    lab: Mask
    person: Mask
    skin: Mask
    hair: Mask
    arms: tuple[Arm, Arm]


@njit(cache=True, nogil=True)
def own_colours(usual: NDArray[np.float32], counts: Mask) -> Mask:
    """Which colours a torso has, (LIGHT_BINS, CHROMA_BINS, CHROMA_BINS), 0 or 1.

    Args:
        usual: (n, 3) Lab in bytes of its places.
        counts: (n,), not 0 for those that tell.
    """
    own = np.zeros((LIGHT_BINS, CHROMA_BINS, CHROMA_BINS), np.uint8)
    for k in range(len(usual)):
        if not counts[k]:
            continue
        light = int(usual[k, 0]) >> LIGHT_BITS
        a, b = int(usual[k, 1]) >> CHROMA_BITS, int(usual[k, 2]) >> CHROMA_BITS
        first, end = max(b - OTHER_CHROMA, 0), min(b + OTHER_CHROMA + 1, CHROMA_BINS)
        for i in range(max(light - DARKER, 0), min(light + BRIGHTER + 1, LIGHT_BINS)):
            for j in range(max(a - OTHER_CHROMA, 0), min(a + OTHER_CHROMA + 1, CHROMA_BINS)):
                own[i, j, first:end] = 1
    return own


@njit(cache=True, nogil=True)
def survey(
    sight: Sight,
    places: NDArray[np.int32],
    usual: NDArray[np.float32],
    seen_s: NDArray[np.float32],
    own: Mask,
) -> Mask:
    """What each place of a torso shows, (n,): ``HIDDEN``, ``USUAL``, ``CHANGED`` or ``FOREIGN``.

    Args:
        sight: what of the view counts.
        places: (n, 2) row and column, which may be beyond the view.
        usual, seen_s: (n, 3) their usual colours, and (n,) for how long they were seen.
        own: see ``own_colours``.
    """
    rows, columns = sight.person.shape
    out = np.zeros(len(places), np.uint8)
    for k in range(len(places)):
        y, x = places[k, 0], places[k, 1]
        if not (0 <= y < rows and 0 <= x < columns) or sight.person[y, x] < ON_PERSON:
            continue
        hidden = sight.skin[y, x] >= BODY or sight.hair[y, x] >= BODY
        for distance, position, hand in sight.arms:
            hidden |= distance[y, x] < OFF_ARM and position[y, x] >= FOREARM
            hidden |= hand[y, x] < OFF_HAND
        if hidden:
            continue
        off = np.float32(0.0)
        for c in range(3):
            off += abs(np.float32(sight.lab[y, x, c]) - usual[k, c])
        out[k] = USUAL
        if seen_s[k] >= KNOWN_S and off > CLEARLY:
            out[k] = CHANGED if _has(own, sight.lab[y, x]) else FOREIGN
    return out


@njit(cache=True, nogil=True)
def remember(
    lab: Mask,
    worn: Mask,
    places: NDArray[np.int32],
    shows: Mask,
    usual: NDArray[np.float32],
    seen_s: NDArray[np.float32],
    weights: tuple[float, float],
    elapsed_s: float,
) -> None:
    """Let the usual colours follow what the places show, in place.

    Args:
        lab, worn: (h, w, 3) bytes and (h, w) the parser's share of the worn garment.
        places, shows: (n, 2) row and column, and (n,), see ``survey``.
        usual, seen_s: (n, 3) and (n,), change.
        weights: of what is new: cloth, and something foreign.
        elapsed_s: since the last time.
    """
    for k in range(len(places)):
        if shows[k] == HIDDEN:
            continue
        y, x = places[k, 0], places[k, 1]
        if worn[y, x] <= LIKELY_WORN:
            continue
        weight = np.float32(weights[1] if shows[k] == FOREIGN else weights[0])
        if seen_s[k] == 0.0:
            weight = np.float32(1.0)
        for c in range(3):
            usual[k, c] += weight * (np.float32(lab[y, x, c]) - usual[k, c])
        seen_s[k] += np.float32(max(elapsed_s, FIRST_SIGHT_S))


@njit(cache=True, nogil=True, inline="always")
def _has(own: Mask, lab: Mask) -> bool:
    return own[lab[0] >> LIGHT_BITS, lab[1] >> CHROMA_BITS, lab[2] >> CHROMA_BITS] != 0


@njit(cache=True, nogil=True)
def grow_things(
    sight: Sight,
    seed: Mask,
    own: Mask,
    bodily: NDArray[np.float32],
    reach: float,
    least_area: float,
) -> Mask:
    """Cells (h, w) of colours foreign to the torso that hang together with the seeds.

    Args:
        sight: what of the view counts.
        seed: (h, w) not 0 where something is surely in front of the torso.
        own: see ``own_colours``.
        bodily: (2, 3, 256) likeness of each Lab byte to skin and to hair; the product counts.
        reach: cells around the seeds.
        least_area: cells that a thing has at least.
    """
    rows, columns = seed.shape
    foreign = np.zeros((rows, columns), np.uint8)
    away = away_from(seed)
    for y in range(rows):
        for x in range(columns):
            if sight.person[y, x] <= PERSON or away[y // 2, x // 2] > reach:
                continue
            lab = sight.lab[y, x]
            body = _has(own, lab)
            for table in bodily:
                like = table[0, lab[0]] * table[1, lab[1]] * table[2, lab[2]]
                body |= like > np.float32(LIKE_BODY)
            foreign[y, x] = 0 if body else 255
    whole = touching(opened(foreign, CELL), seed, least_area)
    # seams and letters of a thing may have the colours of the cloth behind it
    return shrunk(grown(whole, TWO_CELLS), TWO_CELLS)
