"""Decisions: which pixels stay in front, which are filled and with what. No colour is mixed here.

Everything is decided on the analysis grid from three things: the evidence (what the pixels look
like), the zones (where the body's parts are) and the drawn look (what it covers).
When in doubt the garment wins on the torso and the camera wins everywhere else: a hole in a
garment is uglier than a missing fingertip, and a painted neck uglier than a visible collar.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Evidence
from pipeline.compose.morph import (
    as_mask,
    closed,
    fill_ellipse,
    grown,
    halved,
    odd,
    opened,
    resized,
    shrunk,
    touching,
    union,
    without,
)
from pipeline.compose.settle import Settler
from pipeline.compose.view import View
from pipeline.compose.zones import (
    Limb,
    Zones,
    fill_below,
    fill_capsule,
    fill_disc,
    fill_face,
)
from pipeline.structures import Alpha, Side

PERSON = 110  # person alpha from which a cell counts as the person's
COVERED = 225  # garment alpha from which a cell needs no fill
MIN_HAND_AREA = 0.012  # square half chests; smaller spots of skin are print or noise
BONE_WIDTH = 0.09  # half chests; a blob of skin must touch the hand's bones to be a hand
LONG_REACH = 1.8  # a sleeve that ends here leaves no arm to paint
HAND_SKIN = 84  # evidence from which a cell near a hand's bones is a hand
FAR_SKIN = 170  # the same farther away, where print may look like skin
FEW_CELLS, MANY_CELLS = 12, 200  # fewer do not tell a colour, more do not tell more
OWN_CHROMA, OWN_LIGHT = 13.0, 38.0  # Lab; farther from a hand's usual colour it is no hand
FINGERS = 0.75  # half chests around the knuckles where fingers may be
HAIR = 100  # evidence from which a cell hanging together with the head is hair
HAIR_OVER_WORN = 1.05  # times the evidence of a garment of the same colour
BARE = 70  # evidence from which a cell of an arm or a neck needs no painting
NECK_RADIUS = 0.36  # half chests
UNDER_SLEEVE = 0.15  # of an arm bone painted under a drawn sleeve, where its edge is soft
NECK_EDGE = 0.24  # half chests of a neck's width that hair may hang over
HOOD = 1.0  # half chests around the chin where a hood may lie
COLLAR_RIM = 0.10  # half chests of worn cloth beside a garment that it simply grows over
RIM = 7  # cells; the mixed pixels along a worn sleeve's edge
BARE_TIME_S = 0.4  # how fast the judgement "this forearm is bare" follows the picture
SHORT_WORN = 1.0  # a short worn sleeve ends above here along an arm
CUFF = 1.92  # a worn long sleeve is slimmed as far as here; beyond are the rims of hands
BARE_SHARE = 0.55  # of a forearm's axis must be free of worn cloth for it to be bare
BARE_MARGIN = 0.1  # less for an arm that was bare: no flipping
FOREARM_SAMPLES = np.linspace(0.05, 0.75, 24, dtype=np.float32)[:, None]  # elbow to wrist
WORN_HINT, WORN_SURE, WORN_CERTAIN = 50, 110, 170  # evidence levels of the worn garment
CLOTH_REACH = 0.5  # half chests; the garment is continued no farther than this
TRUNK_ROOM = 0.3  # half chests a worn shirt may be wider than the body
SLEEVE_ROOM = 1.6  # arm radii a worn sleeve may be wide where it becomes the drawn sleeve
BAGGY = 2.0  # worn sleeves wider than this many arm radii are not recognised as sleeves
CALM_TIME_S = 0.06  # short: what was decided once must not linger
ROOM = 0.07  # torso lengths a garment may stand off the person
ROOM_EDGE = 0.03  # torso lengths over which it ends there
SURE_ARM = 0.8  # bare arm radii that are arm even where the person's mask has a gap
JAW = 1.15  # times the face's ellipse, below the mouth: neither hair nor a bridge for it
HAIR_REACH = (0.95, 0.62)  # half chests and torso lengths around the chin where hair may fall


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Alpha maps on the analysis grid, (h, w) uint8.

    Attributes:
        front: the base picture (camera, or skin where ``skin`` paints it) lies over the garment.
        keep: face, hair and hands; nothing may change there, no fill and no shadow.
        skin: skin is painted.
        cloth: the garment is continued beyond its edge.
        ground: what is behind the person is painted.
        neck: where a neck, or what the front neckline shows, hides the back collar.
        room: where the garment may be at all: on the person and a little beside them.
    """

    front: Alpha
    keep: Alpha
    skin: Alpha
    cloth: Alpha
    ground: Alpha
    neck: Alpha
    room: Alpha


class LayerDecider:
    """Decides the layers of each frame; holds what must not flip from frame to frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._shares: dict[Side, float] = {}
        self._bare: dict[Side, bool] = {}
        self._settler = Settler(CALM_TIME_S, 255.0)
        self._time_s: float | None = None

    def decide(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        garment: Alpha,
        above_hem: Alpha,
        time_s: float,
    ) -> Layers:
        """Decide one frame.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            evidence: what its pixels look like.
            garment: (h, w) alpha of the drawn look on the analysis grid.
            above_hem: (h, w) 255 above the drawn hem.
            time_s: the frame's time.
        """
        self._judge_arms(zones, evidence, time_s)
        room = garment_room(view, zones)
        scene = _Scene(view, zones, evidence, without(garment, ~room), self._bare)
        head = scene.head()
        hands = scene.hands()
        sleeves_over_torso = scene.covered_forearms()
        keep = union(head, hands)
        keep[scene.between()] = 0
        skin = scene.painted_skin(keep)
        ground = scene.painted_ground(keep, skin)
        cloth = scene.continued_cloth(keep, skin, ground, above_hem)
        front = union(keep, sleeves_over_torso)
        stack = np.stack([front, keep, skin, cloth, ground, room], axis=-1)
        soft = cv2.GaussianBlur(stack, (3, 3), 0.8).astype(np.float32)
        soft = self._settler.apply(view, soft, time_s)
        planes = np.ascontiguousarray(soft.round().astype(np.uint8).transpose(2, 0, 1))
        front, keep, skin, cloth, ground, room = planes
        neck = union(scene.neck(), front)
        return Layers(front, keep, without(skin, keep), cloth, without(ground, keep), neck, room)

    def _judge_arms(self, zones: Zones, evidence: Evidence, time_s: float) -> None:
        elapsed = 0.0 if self._time_s is None else max(0.0, time_s - self._time_s)
        self._time_s = time_s
        weight = float(1.0 - np.exp(-elapsed / BARE_TIME_S))
        for side, limb in zones.limbs.items():
            share = _bare_share(limb, evidence)
            if share is None:
                continue
            old = self._shares.get(side, share)
            self._shares[side] = old + weight * (share - old)
            least = BARE_SHARE - BARE_MARGIN if self._bare.get(side, True) else BARE_SHARE
            self._bare[side] = self._shares[side] >= least


def _bare_share(limb: Limb, evidence: Evidence) -> float | None:
    """Share of a forearm's axis without worn cloth; None when it is outside the picture."""
    elbow, wrist = limb.joints[1], limb.joints[2]
    points = (elbow + (wrist - elbow) * FOREARM_SAMPLES).round().astype(int)
    rows, columns = evidence.skin.shape
    inside = (points >= 0).all(axis=1) & (points[:, 0] < columns) & (points[:, 1] < rows)
    if inside.sum() < len(points) // 3:
        return None
    x, y = points[inside].T
    worn = _cloth(evidence)[y, x]
    clothed = (worn > WORN_HINT) & (worn > evidence.skin[y, x])
    return 1.0 - float(clothed.mean())


def _cloth(evidence: Evidence) -> Alpha:
    """Evidence of worn cloth on arms, where what looks like hair is a dark sleeve."""
    return np.asarray(cv2.add(evidence.worn, evidence.hair), np.uint8)


def garment_room(view: View, zones: Zones) -> Alpha:
    """Where a garment may be: the person, widened, with a soft edge.

    Below the hips there is no limit: a skirt may be as wide as it likes.
    """
    body = (view.person_small > PERSON) | (zones.trunk > 0)
    for limb in zones.limbs.values():
        body |= limb.within(SURE_ARM)
    away = cv2.distanceTransform(halved(as_mask(~body)), cv2.DIST_L2, 3) * 2.0
    soft = (ROOM * zones.torso - away) / (ROOM_EDGE * zones.torso) + 1.0
    room = resized((np.clip(soft, 0.0, 1.0) * 255.0).astype(np.uint8), view.shape[::-1])
    return union(room, zones.below_hips)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    view: View
    zones: Zones
    evidence: Evidence
    garment: Alpha
    bare: dict[Side, bool]

    def blank(self) -> Alpha:
        return np.zeros(self.view.shape, np.uint8)

    def person(self, level: int = PERSON) -> NDArray[np.bool_]:
        return np.asarray(self.view.person_small > level)

    def is_bare(self, side: Side) -> bool:
        return self.bare.get(side, True)

    def solid_skin(self) -> NDArray[np.bool_]:
        """Skin wider than the mix of cloth and wall at a sleeve's edge, which looks like skin."""
        bare = (self.evidence.skin > BARE) & (self.evidence.skin > self.evidence.worn)
        bare &= self.person()  # a wall may look like skin, and widen what looks like it at an edge
        return np.asarray(opened(as_mask(bare), RIM - 2) > 0)

    # -- what stays in front -------------------------------------------------------------------

    def head(self) -> Alpha:
        """The face's ellipse, and hair that hangs together with it."""
        zones = self.zones
        face = fill_face(self.blank(), zones.face)
        face[~self.person(60)] = 0
        # a lowered chin hides the neck: the ellipse then lies over the collar
        sure = fill_face(self.blank(), zones.face, 0.7)
        face[(self.evidence.worn > WORN_SURE) & (sure == 0)] = 0
        around = self.blank()
        size = (2 * HAIR_REACH[0] * zones.unit, 2 * HAIR_REACH[1] * zones.torso)
        fill_ellipse(around, zones.face.chin, size, 0.0)
        hair = (self.evidence.hair > HAIR) & (around > 0) & self.person()
        hair &= self.evidence.hair > HAIR_OVER_WORN * self.evidence.worn
        hair &= shrunk(zones.neck, odd(NECK_EDGE * zones.unit)) == 0  # a dark collar is no hair
        strands = closed(opened(as_mask(hair)))
        # hair hangs from the crown and the temples; what touches only the jaw is a dark collar
        jaw = fill_below(self.blank(), zones.face.mouth, zones.face.mouth + zones.face.across)
        seed = without(fill_face(self.blank(), zones.face, 0.9), jaw)
        strands = without(strands, np.minimum(jaw, fill_face(self.blank(), zones.face, JAW)))
        return union(face, touching(strands | seed, seed) & (strands | face))

    def hands(self) -> Alpha:
        """Hands, and bare forearms, of arms that are in front of the torso."""
        hands = self.blank()
        for side, limb in self.zones.limbs.items():
            if limb.arm.in_front and not limb.arm.behind:
                hands = union(hands, self._hand(side, limb))
        return hands

    def _hand(self, side: Side, limb: Limb) -> Alpha:
        size, evidence = self.zones.unit, self.evidence
        skin = (evidence.skin > HAND_SKIN) & (evidence.skin > evidence.worn)
        room = limb.hand_distance < 100
        bones = self.blank()
        width = BONE_WIDTH * size
        fill_capsule(bones, limb.joints[2], limb.joints[3], width, width)
        if self.is_bare(side) and limb.reach < LONG_REACH:
            start = max(limb.reach - 0.1, 0.7)
            room |= limb.within(1.35, start)
            bones[limb.within(0.4, min(1.9, start + 0.2))] = 255
        # fingers are often longer, or elsewhere, than the landmarks say
        disc = fill_disc(self.blank(), limb.joints[3], FINGERS * size)
        room |= (disc > 0) & (evidence.skin > FAR_SKIN)
        room &= skin & self.person(60)
        found = closed(opened(as_mask(self._own_colour(room, bones > 0))))
        found = touching(found, bones, MIN_HAND_AREA * size * size)
        return np.where(self._tainted(), shrunk(found, 3), found)

    def _own_colour(self, found: NDArray[np.bool_], sample: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The found cells near the usual colour of a sample; all when the sample is too small."""
        pixels = self.view.lab[found & sample]
        if len(pixels) < FEW_CELLS:
            return found
        middle = np.median(pixels[:: 1 + len(pixels) // MANY_CELLS], axis=0)
        off = np.abs(self.view.lab[found] - middle)
        out = found.copy()
        out[found] = (off[:, 1] + off[:, 2] < OWN_CHROMA) & (off[:, 0] < OWN_LIGHT)
        return out

    def _tainted(self) -> NDArray[np.bool_]:
        """Beside worn cloth, whose colour mixes into the rim of everything."""
        return np.asarray(grown(as_mask(self.evidence.worn > WORN_SURE), 5) > 0)

    def between(self) -> NDArray[np.bool_]:
        """Worn cloth seen between fingers or strands; never on the middle of the face."""
        face = fill_face(self.blank(), self.zones.face, 0.7)
        return np.asarray((self.evidence.worn > WORN_CERTAIN) & (face == 0))

    def covered_forearms(self) -> Alpha:
        """Forearms in worn sleeves, in front of the torso, that the garment leaves bare."""
        out = np.zeros(self.view.shape, np.bool_)
        for side, limb in self.zones.limbs.items():
            if limb.arm.in_front and limb.reach < LONG_REACH and not self.is_bare(side):
                out |= limb.within(1.0, max(limb.reach, 1.0))
        return as_mask(out & self.person(100))

    # -- what is painted -----------------------------------------------------------------------

    def neck(self) -> Alpha:
        """Where a neck hides the back collar, and the opening in front, which shows no back."""
        zones = self.zones
        half = NECK_RADIUS * zones.unit
        left, right = zones.neckline[0], zones.neckline[-1]
        hidden = fill_capsule(self.blank(), zones.face.chin, (left + right) / 2, half, half)
        return fill_below(hidden, left, right)

    def painted_skin(self, keep: Alpha) -> Alpha:
        """Worn cloth on the neck and on the arms below the drawn sleeves becomes skin."""
        solid = self.solid_skin()
        worn = grown(opened(as_mask(_cloth(self.evidence) > WORN_SURE)), RIM - 2)
        collar = grown(opened(as_mask((self.zones.neck > 0) & ~solid)), RIM - 2)
        paint = (self.zones.neck > 0) & (collar > 0)
        stripped = grown(as_mask(self.evidence.skin < BARE), 3) > 0
        paint |= stripped & (self.zones.opening > 0)
        for side, limb in self.zones.limbs.items():
            if limb.reach >= LONG_REACH or limb.arm.behind:
                continue
            arm = limb.within(1.0, max(0.0, limb.reach - UNDER_SLEEVE))
            cloth = worn if self.is_bare(side) else grown(opened(as_mask(arm & ~solid)), RIM - 2)
            paint |= arm & (cloth > 0)
        paint &= (keep == 0) & self.person(40)
        under = grown(self.covered_forearms(), RIM) > 0
        paint |= under & (self.garment >= COVERED) & (keep == 0)
        return opened(as_mask(paint))

    def painted_ground(self, keep: Alpha, skin: Alpha) -> Alpha:
        """Worn cloth that stands off the body, a baggy sleeve or a hood: show what is behind it."""
        # under the edge of painted skin too, or what is worn would shine through the soft edge
        free = (
            (shrunk(skin, 5) == 0) & (keep == 0) & (self.zones.neck == 0) & (self.zones.trunk == 0)
        )
        inside = shrunk(as_mask(self.person()), RIM) > 0
        clear_of_hands = np.ones(self.view.shape, np.bool_)
        for limb in self.zones.limbs.values():
            inside |= limb.hand_distance < 120
            free &= ~limb.within(0.75)  # no wall in the middle of an arm
            clear_of_hands &= (limb.position < round(100 * CUFF)) | (limb.distance > 200)
        free &= (self.garment < COVERED) & ~(self.solid_skin() & inside)
        free &= grown(as_mask(self.person(40)), 5) > 0
        cloth = _cloth(self.evidence)
        worn = (cloth > WORN_HINT) & self.person(40)
        sure = worn & (cloth > WORN_SURE)
        hood_like = sure & (self.evidence.worn > WORN_SURE)
        hood = grown(opened(as_mask(hood_like & free & self._beside_neck()), 5), RIM) > 0
        room = np.zeros(self.view.shape, np.bool_)
        for side, limb in self.zones.limbs.items():
            if limb.reach >= LONG_REACH or limb.arm.behind:
                continue
            start = max(0.0, limb.reach - UNDER_SLEEVE)
            if self.is_bare(side):
                room |= sure & limb.within(BAGGY, start, SHORT_WORN)
            else:
                room |= limb.within(BAGGY, start)
        clear_of_hands |= (self.evidence.worn > WORN_SURE) & (self.evidence.skin < BARE)
        sleeves = (grown(opened(as_mask(worn & room)), RIM) > 0) & clear_of_hands
        return as_mask((sleeves | (hood & self.person(40))) & free)

    def _beside_neck(self) -> NDArray[np.bool_]:
        """Between the head and the shoulders, clear of the garment: where hoods lie."""
        face = self.zones.face
        room = fill_disc(self.blank(), face.chin, HOOD * self.zones.unit) > 0
        room &= (self.evidence.hair < HAIR // 2) & (self.zones.below_chin > 0)
        near = grown(as_mask(self.garment > 128), odd(2 * COLLAR_RIM * self.zones.unit))
        return np.asarray(room & (near == 0))

    def continued_cloth(self, keep: Alpha, skin: Alpha, ground: Alpha, above_hem: Alpha) -> Alpha:
        """Worn cloth beside the garment becomes garment."""
        evidence = self.evidence
        worn = (evidence.worn > WORN_HINT) & (evidence.worn > evidence.skin) & self.person()
        paint = (grown(as_mask(worn), RIM - 2) > 0) & ~self.solid_skin() & self._dressed_room()
        paint &= (self.garment < COVERED) & self.person(60) & (above_hem > 0)
        paint &= (keep == 0) & (skin == 0) & (ground == 0) & (self.zones.neck == 0)
        if not paint.any():
            return self.blank()
        away = cv2.distanceTransform(as_mask(self.garment < 128), cv2.DIST_L2, 3)
        return grown(as_mask(paint & (away < CLOTH_REACH * self.zones.unit)), 3)

    def _dressed_room(self) -> NDArray[np.bool_]:
        """The trunk, and the arms as far as the drawn sleeves reach, with room for loose cloth."""
        room = grown(self.zones.trunk, odd(2 * TRUNK_ROOM * self.zones.unit)) > 0
        for limb in self.zones.limbs.values():
            if limb.reach > 0.0:
                room |= limb.within(SLEEVE_ROOM, 0.0, limb.reach)
        for side, limb in self.zones.limbs.items():
            if not self.is_bare(side) and limb.reach < LONG_REACH:
                room &= ~limb.within(BAGGY, max(1.0, limb.reach)) | (self.zones.trunk > 0)
        return np.asarray(room)
