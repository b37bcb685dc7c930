"""Things that pass in front of a torso, a ball for instance: the camera's pixels stay there.

What a torso usually looks like is remembered place by place, in its own coordinates. A thing is
where a place that is known looks different now, in a colour that is nowhere on the torso, nor that
of skin or hair. So prints are no things: they stay where they are on the torso, and the cloth that
moves a little shows none but its own colours. What stays before the torso for long becomes its own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.loops.things import (
    CHANGED,
    FOREIGN,
    HIDDEN,
    USUAL,
    Sight,
    grow_things,
    own_colours,
    remember,
    survey,
)
from pipeline.compose.parts import WORN, Planes
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.structures import Alpha, Body

DEPTHS = np.arange(0.06, 1.0, 0.04, np.float32)  # torso lengths below the shoulder line
ACROSS = np.linspace(-0.85, 0.85, 18, dtype=np.float32)  # half chests beside the centre line
SETTLE_S, ADOPT_S = 0.25, 1.5  # how fast its usual colour follows cloth, and something foreign
LEAST_PLACES = 5  # that show a thing; fewer are noise
MOST_SHARE = 0.4  # of the places; when more change, the light has changed
HEM_ROWS = 2  # of places at the worn hem, where trousers may show
HEM_SHARE = 0.2  # of a row's places that were torso, from which it lies above the hem
LEARN_EVERY_S = 0.1  # the torso's own colours change slowly
REACH, LEAST_AREA = 1.0, 0.03  # half chests a thing goes beyond its sure places, and squared


class Things:
    """Finds things in front of one person's torso; holds what that torso looks like."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the torso."""
        count = len(DEPTHS) * len(ACROSS)
        self._usual = np.zeros((count, 3), np.float32)
        self._seen_s = np.zeros(count, np.float32)
        self._own = own_colours(self._usual, np.zeros(count, np.uint8))
        self._learnt_s: float | None = None
        self._time_s: float | None = None

    def find(
        self,
        view: View,
        zones: Zones,
        body: Body,
        evidence: Evidence,
        parts: Planes,
        bodily: NDArray[np.float32],
        time_s: float,
    ) -> Alpha:
        """(h, w) 0 or 255: where things are in front of the torso, on the view's grid.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            body: the person.
            evidence: what the view's cells look like.
            parts: (3, h, w) the parser's shares, see ``parts.CarriedParts``.
            bodily: (2, 3, 256) likeness to skin and hair, see ``evidence.Witness.bodily``.
            time_s: the frame's time; a frame seen twice teaches nothing new.
        """
        first, second = (
            (limb.distance, limb.position, limb.hand_distance) for limb in zones.limbs.values()
        )
        sight = Sight(view.lab, view.person, evidence.skin, evidence.hair, (first, second))
        places = _places(view, body)
        shows = survey(sight, places, self._usual, self._seen_s, self._own)
        counts = np.bincount(shows, minlength=FOREIGN + 1)
        if counts[FOREIGN] > MOST_SHARE * counts[USUAL:].sum():
            self.reset()
            shows[shows != HIDDEN] = USUAL
            counts[FOREIGN] = 0
        self._learn(view, parts, places, shows, time_s)
        seed = view.blank()
        sure = (shows == FOREIGN) & ~self._at_hem()
        if np.count_nonzero(sure) < LEAST_PLACES:
            return seed
        seed[tuple(places[sure].T)] = 255
        unit = float(zones.unit)
        reach, least_area = REACH * unit, LEAST_AREA * unit * unit
        return np.asarray(grow_things(sight, seed, self._own, bodily, reach, least_area), np.uint8)

    def _at_hem(self) -> NDArray[np.bool_]:
        """(n,) places in the last rows that were often seen to be torso, and below them."""
        often = (self._seen_s > 0.0).reshape(len(DEPTHS), -1).mean(axis=1) > HEM_SHARE
        rows = np.arange(len(DEPTHS))
        last = rows[often].max(initial=0)
        return np.repeat(rows > last - HEM_ROWS, len(ACROSS))

    def _learn(
        self,
        view: View,
        parts: Planes,
        places: NDArray[np.int32],
        shows: Alpha,
        time_s: float,
    ) -> None:
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        weights = 1.0 - math.exp(-elapsed / SETTLE_S), 1.0 - math.exp(-elapsed / ADOPT_S)
        memory = self._usual, self._seen_s
        remember(view.lab, parts[WORN], places, shows, *memory, weights, elapsed)
        if self._learnt_s is None or time_s - self._learnt_s >= LEARN_EVERY_S:
            self._learnt_s = time_s
            # where something else is now, what was there before may have been the thing
            tells = (self._seen_s > 0.0) & (shows < CHANGED)
            self._own = own_colours(self._usual, tells.view(np.uint8))


def _places(view: View, body: Body) -> NDArray[np.int32]:
    """Row and column (n, 2) of a torso's places on the grid, or beyond it."""
    down = -body.up * (DEPTHS[:, None, None] * body.torso_px)
    across = body.right * (ACROSS[None, :, None] * body.half_chest_seen_px)
    at = view.to_small(body.mid_shoulder + down + across).reshape(-1, 2)
    return np.ascontiguousarray(np.rint(at[:, ::-1]), np.int32)
