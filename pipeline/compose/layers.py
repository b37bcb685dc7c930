"""Decisions: which cells stay in front, which are filled and with what. No colour is mixed here.

Everything is decided on the analysis grid from three things: the evidence (what the pixels look
like), the zones (where the body's parts are) and the drawn look (what it covers).
When in doubt the garment wins on the torso and the camera wins everywhere else: a hole in a
garment is uglier than a missing fingertip, and a painted neck uglier than a visible collar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.loops import cells
from pipeline.compose.loops import decisions as loops
from pipeline.compose.loops.colours import smooth
from pipeline.compose.loops.hands import find_hand
from pipeline.compose.morph import dilated, without
from pipeline.compose.settle import Settler
from pipeline.compose.view import View
from pipeline.compose.zones import Limb, Zones
from pipeline.steady import Latch
from pipeline.structures import Alpha, Side

LONG_REACH = 1.8  # a sleeve that ends here leaves no arm to paint
UNDER_SLEEVE = 0.15  # of an arm bone painted under a drawn sleeve, where its edge is soft
BARE_FROM = 0.3  # place along an arm above which skin is no arm's in front of a sleeved garment
SLEEVELESS_FROM = 0.45  # the same before a garment without sleeves, whose armholes end below
BARE_TIME_S = 0.4  # how fast the judgement "this forearm is bare" follows the picture
SHORT_WORN = 1.0  # a short worn sleeve ends above here along an arm
CUFF = 1.92  # a worn long sleeve is slimmed as far as here; beyond are the rims of hands
BARE_SHARE = 0.55  # of a forearm's axis must be free of worn cloth for it to be bare
BARE_MARGIN = 0.1  # less for an arm that was bare: no flipping
SLEEVE_ROOM = 1.6  # arm radii a worn sleeve may be wide where it becomes the drawn sleeve
SOLID = 128  # alpha of a drawn garment from which a cell is covered
BAGGY = 2.0  # worn sleeves wider than this many arm radii are not recognised as sleeves
SURE_ARM, MIDDLE, BARE_ARM, HAND = 0.8, 0.75, 1.0, 1.2  # radii of the roles of an arm's cells
OUTLINED_ARM = 1.4  # the same where the arm's outline tells the end
HAND_EDGE = 2  # cells around what is kept that its own edge ends, not that of a painted arm
END = 2.55  # place along an arm beyond every other
HIDDEN = 1.5  # the same of an arm that goes behind the body
OVER_FROM, OVER_SAMPLES = 0.3, 8  # of an upper arm: what is above lies beside the torso
CALM_TIME_S = 0.06  # short: what was decided once must not linger
GAUSS = 61  # of 256; a neighbour's weight in the softening of edges
HEM_ROOM = 0.03  # torso lengths by which a worn hem may waver
LONGEST_HEM = 0.2  # torso lengths a garment is continued below its hem to hide a longer one


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Alpha maps on the analysis grid, (h, w) uint8.

    Attributes:
        front: the base picture (camera, or skin where ``skin`` paints it) lies over the garment.
        limit: edge of bare arms, beyond which there is neither front nor skin; 255 elsewhere.
        keep: face, hair, hands and things; nothing may change there, no fill and no shadow.
        skin: skin is painted.
        cloth: the garment is continued beyond its edge.
        ground: what is behind the person is painted.
        room: where the garment may be at all: on the person and a little beside them.
        known: what the camera shows of that which is behind the person.
        bare: the arms that no worn sleeve covers below the elbow.
    """

    front: Alpha
    limit: Alpha
    keep: Alpha
    skin: Alpha
    cloth: Alpha
    ground: Alpha
    room: Alpha
    known: Alpha
    bare: frozenset[Side]


class LayerDecider:
    """Decides the layers of each frame; holds what must not flip from frame to frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._shares: dict[Side, float] = {}
        self._bare: dict[Side, bool] = {}
        self._before = {side: Latch(on_above=0.65, off_below=0.45) for side in Side}
        self._settler = Settler(CALM_TIME_S)
        self._time_s: float | None = None

    def decide(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        things: Alpha,
        cover: Alpha,
        worn_hem: float | None,
        time_s: float,
    ) -> Layers:
        """Decide one frame.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            evidence: what its cells look like.
            things: (h, w) what passes in front of the torso, see ``things.Things``.
            cover: (h, w) alpha of the drawn look on the analysis grid.
            worn_hem: depth of the worn garment's hem below the drawn one's, torso lengths.
            time_s: the frame's time.
        """
        self._judge_arms(zones, evidence, time_s)
        roles = np.zeros(view.shape, np.uint16)
        for side, limb in zones.limbs.items():
            before = self._before[side].update(_share_before(limb, cover))
            rules = _rules(limb, self._bare.get(side, True), before)
            loops.add_roles(roles, limb.distance, limb.position, limb.hand_distance, rules)
        outline = self._outline(zones)
        seen = _cells(view, zones, evidence, cover, roles, outline)
        marks = _marks(zones, worn_hem)
        room = loops.garment_room(seen, marks)
        seen = seen._replace(garment=without(cover, ~room))
        hands, tinted = self._hands(seen, zones)
        planes = smooth(loops.decide(seen, marks, hands, things, room), GAUSS)
        self._settler.apply(view, planes, time_s)
        known = view.blank()
        if planes[4].any():
            known = loops.surroundings(seen, planes, np.minimum(cover, planes[5]))
        over, keep, skin, cloth, ground, room = planes
        front, limit = np.maximum(over, keep), np.maximum(outline, dilated(keep, HAND_EDGE))
        skin, ground = without(skin, keep), without(ground, keep)
        # over another garment the worn one's colour on the rim of a hand gives it away
        tinted[cover < loops.COVERED] = 0
        np.maximum(skin, smooth(tinted[None], GAUSS)[0], out=skin)
        bare = frozenset(side for side in zones.limbs if self._bare.get(side, True))
        return Layers(front, limit, keep, skin, cloth, ground, room, known, bare)

    def _outline(self, zones: Zones) -> Alpha:
        """Alpha (h, w) of bare arms where worn sleeves become skin; 255 everywhere else.

        Not averaged over time: it moves with the body, whose joints are calm.
        """
        out = np.full_like(zones.neck, 255)
        for side, limb in zones.limbs.items():
            end = SHORT_WORN if self._bare.get(side, True) else END
            if limb.reach < min(end, LONG_REACH):
                out[limb.within(BAGGY, start=limb.reach - UNDER_SLEEVE, end=end)] = 0
        for limb in zones.limbs.values():
            np.maximum(out, limb.outline, out=out)
        out[(zones.neck | zones.opening) > 0] = 255
        return out

    def _hands(self, seen: cells.Cells, zones: Zones) -> tuple[Alpha, Alpha]:
        """Hands, and bare forearms, of arms in front of the torso; where worn cloth tints them."""
        hands, tinted = np.zeros_like(seen.person), np.zeros_like(seen.person)
        for side, limb in zones.limbs.items():
            if not limb.arm.in_front or limb.arm.behind:
                continue
            bare = self._bare.get(side, True) and limb.reach < LONG_REACH
            start = max(limb.reach, BARE_FROM if limb.reach > 0.0 else SLEEVELESS_FROM)
            hand, rim = find_hand(
                seen,
                limb.distance,
                limb.position,
                limb.hand_distance,
                limb.joints[2],
                limb.joints[3],
                zones.unit,
                _percent(start if bare else END),
                not self._bare.get(side, True),
            )
            np.maximum(hands, hand, out=hands)
            np.maximum(tinted, rim, out=tinted)
        return hands, tinted

    def _judge_arms(self, zones: Zones, evidence: Evidence, time_s: float) -> None:
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        weight = float(1.0 - np.exp(-elapsed / BARE_TIME_S))
        for side, limb in zones.limbs.items():
            seen = evidence.skin, evidence.worn, evidence.hair
            share = loops.bare_share(*seen, limb.hand_distance, limb.joints)
            if share < 0.0:  # outside of the picture
                continue
            old = self._shares.get(side, share)
            self._shares[side] = old + weight * (share - old)
            least = BARE_SHARE - BARE_MARGIN if self._bare.get(side, True) else BARE_SHARE
            self._bare[side] = self._shares[side] >= least


def _share_before(limb: Limb, cover: Alpha) -> float:
    """How much of the upper arm's axis below the drawn sleeve lies on the drawn garment."""
    start, end = limb.joints[0], limb.joints[1]
    along = np.linspace(max(OVER_FROM, min(limb.reach, 0.9)), 1.0, OVER_SAMPLES)[:, None]
    places = (start + along * (end - start)).round().astype(int)
    rows, columns = cover.shape
    x, y = places[:, 0].clip(0, columns - 1), places[:, 1].clip(0, rows - 1)
    return float((cover[y, x] >= SOLID).mean())


def _percent(share: float) -> int:
    return round(100 * share)


def _rules(limb: Limb, bare: bool, before: bool) -> NDArray[np.int32]:
    """Which cells of an arm play which role, see ``decisions.add_roles``.

    Args:
        bare: below the elbow; before: its upper arm, too, lies before the drawn garment.
    """
    rules = [
        (cells.SURE_ARM, SURE_ARM, 0.0, END),
        (cells.MIDDLE, MIDDLE, 0.0, END),
        (cells.AT_HAND, HAND, 0.0, END),
        (cells.RIM_OF_HAND, BAGGY, CUFF, END),
    ]
    if limb.reach > 0.0:
        rules.append((cells.DRAWN_SLEEVE, SLEEVE_ROOM, 0.0, limb.reach))
    if limb.reach < LONG_REACH:
        start, end = max(0.0, limb.reach - UNDER_SLEEVE), HIDDEN if limb.arm.behind else END
        if not bare:
            rules.append((cells.STRIPPED, BAGGY, max(1.0, limb.reach), END))
        if not bare and limb.arm.in_front:
            over_from = OVER_FROM if before else 1.0
            rules.append((cells.OVER, OUTLINED_ARM, max(over_from, limb.reach), END))
        if bare:
            rules.append((cells.PAINT_BARE, BARE_ARM, start, END))
            rules.append((cells.BAGGY_BARE, BAGGY, start, SHORT_WORN))
        else:
            rules.append((cells.PAINT_CLOTHED, OUTLINED_ARM, start, end))
            rules.append((cells.BAGGY_CLOTHED, BAGGY, start, end))
    rows = [(role, _percent(radii), _percent(a), _percent(b)) for role, radii, a, b in rules]
    return np.array(rows, np.int32)


def _cells(
    view: View,
    zones: Zones,
    evidence: Evidence,
    cover: Alpha,
    roles: NDArray[np.uint16],
    outline: Alpha,
) -> cells.Cells:
    return cells.Cells(
        person=view.person,
        lab=view.lab,
        skin=evidence.skin,
        worn=evidence.worn,
        hair=evidence.hair,
        garment=cover,
        face=zones.in_face,
        below_chin=zones.below_chin,
        neck=zones.neck,
        opening=zones.opening,
        trunk=zones.trunk,
        outline=outline,
        roles=roles,
    )


def _marks(zones: Zones, worn_hem: float | None) -> cells.Marks:
    longer = 0.0  # a tunic below a short top is no strip to hide
    if worn_hem is not None and -HEM_ROOM < worn_hem < LONGEST_HEM:
        longer = worn_hem + HEM_ROOM
    return cells.Marks(
        unit=float(zones.unit),
        torso=float(zones.torso),
        chin=zones.face.chin,
        mouth=zones.face.mouth,
        down=zones.face.down,
        hips=zones.hips,
        hem=zones.hem,
        above_hem=float(HEM_ROOM * zones.torso),
        below_hem=float(longer * zones.torso),
    )
