"""What the fills are made of: skin for bare arms and necks, the scene behind a slimmed sleeve."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import LEARN_EVERY_S, SURELY_PERSON, Evidence
from pipeline.compose.layers import Layers
from pipeline.compose.loops.arms import light_on
from pipeline.compose.loops.fills import (
    extrapolate,
    paint_fill,
    shade_skin,
    skin_samples,
    way_to_edge,
)
from pipeline.compose.loops.masks import grown
from pipeline.compose.morph import as_mask, doubled, odd, steep, twice_blurred
from pipeline.compose.view import View
from pipeline.compose.zones import Zones
from pipeline.geometry import Floats
from pipeline.structures import Alpha, Image, Side

Tone = NDArray[np.float32]  # (3,) RGB 0..255

SURELY_SKIN = 150  # evidence of a cell that may lend its colour
TAINTED = 60  # evidence of worn cloth beside which skin has taken on its colour
SKIN_EDGE = 20  # person alpha at which painted skin begins; the mask is a little tight
LIT_FROM, LIT_TO = 0.65, 0.97  # quantiles of light: the lit side of a face, without its shine
FACE = 110  # percent of the way to its edge
FACE_MIDDLE, LIMB_MIDDLE = 70, 80  # percent of the way to the edge, clear of hair and background
FOREARM = (1.1, 1.9)  # place along an arm
ROUNDNESS = 0.34  # loss of light at the edge of a painted limb
NECK_TONE = 0.97  # a neck lies a little in the shade of the head
NECK_OWN = np.float32(0.25)  # share of its own lit parts, which the chin shades; a chest less
ARM_LIGHT = (0.78, 1.2)  # of the face's
ANY_TONE = 150.0  # of a person whose face was never seen
NEAR = 0.4  # half chests; skin lends its colour to painted skin around it
BESIDE, BESIDE_WEIGHT = 0.15, np.float32(4.0)  # the same right beside it, where a border would show
BESIDE_LEAST = 5  # cells, of which one is tainted
MANY_PIXELS = 400  # more tell nothing more about a tone
TRUST_TONE = 0.15  # weight of the known tone beside skin nearby
LIT_BELOW = 8.0  # its growth a half chest below the chin, in whose shade what is nearby lies
FOLD_RANGE = (0.80, 1.12)  # how much of the worn cloth's light and dark painted skin may inherit
FOLD_STRENGTH = 0.5
FINE_FOLDS, NO_FOLDS = 0.05, 0.3  # half chests; folds are what differs between these two blurs
PLAIN_SPREAD, BUSY_SPREAD = 0.10, 0.30  # of log lightness; a print would tattoo the skin
CHIN_SHADOW = 0.08  # loss of light right below the chin
CHIN_SHADOW_LENGTH = 0.5  # half chests
FROM_BELOW = -0.1  # light on a limb from below, more than from above: lamps and sky are above
SIDE_LIGHT, MOST_SIDE_LIGHT = 1.0, 0.16  # an arm's share of the difference seen on the face
ARM = 140  # percent of a bare arm's radius that is painted in the arm's own colour
TONE_TIME_S = 0.7
SOLID = 250  # alpha of a cell whose colour is all garment
CALM_STEPS = 3  # double cells over which the way to the garment's edge is averaged
AROUND = 24  # cells around a place that is continued from what they show
INPAINT_CELLS = 2.0  # around a cell that its colour is taken from
ENOUGH_SKIN = 0.03  # square half chests of sure skin that tell its colour


class SkinPainter:
    """Paints skin in the person's own colour: from skin nearby, else from the limb or the face.

    Args:
        photo: there is time to continue the edges of what is behind the person.
    """

    def __init__(self, photo: bool = False) -> None:
        self._behind = continued if photo else spread
        self.reset()

    def reset(self) -> None:
        """Forget the person's colours."""
        self._face: Tone | None = None
        self._neck: Tone | None = None
        self._arms: dict[Side, Tone] = {}
        self._from_right = 0.0
        self._time_s = 0.0

    def paint(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        layers: Layers,
        known: Alpha,
        time_s: float,
    ) -> NDArray[np.uint8]:
        """``layers.skin`` and ``layers.ground``, (8, h, w): RGB and alpha of each.

        Args:
            view: the person's neighbourhood.
            zones: where its parts are.
            evidence: what its cells look like.
            layers: the frame's layers.
            known: (h, w) uint8, not 0 where the camera shows what may be continued as ground.
            time_s: the frame's time.
        """
        if not (layers.skin.any() or layers.ground.any()):
            return np.zeros((8, *view.shape), np.uint8)
        tainted = grown(as_mask(evidence.worn > TAINTED), 1)
        tainted[view.person <= SURELY_PERSON] = 255
        self._learn(view, zones, evidence, layers.bare, tainted, time_s)
        limb, across = _limbs(zones)
        light = light_on(
            across,
            zones.below_chin,
            limb,
            self._from_right,
            FROM_BELOW,
            ROUNDNESS,
            CHIN_SHADOW,
            CHIN_SHADOW_LENGTH,
        )
        fill = paint_fill(
            np.minimum(layers.skin, steep(view.person, SKIN_EDGE)),
            layers.ground,
            self._shades(view, zones, evidence, layers, tainted, limb),
            light,
            self._behind(view.small, known, layers.ground),
        )
        return np.asarray(fill, np.uint8)

    def _learn(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        bare: frozenset[Side],
        tainted: Alpha,
        time_s: float,
    ) -> None:
        elapsed = max(0.0, time_s - self._time_s)
        if self._face is not None and 0.0 < elapsed < LEARN_EVERY_S:
            return
        weight = np.float32(1.0 - np.exp(-elapsed / TONE_TIME_S))
        self._time_s = time_s
        face = view.small[(zones.in_face < FACE_MIDDLE) & (view.person > SURELY_PERSON)]
        first = self._face is None
        self._face = _follow(self._face, face, weight)
        step = 1.0 if first else float(weight)
        self._from_right += step * (_from_right(view, zones) - self._from_right)
        sure = (evidence.skin > SURELY_SKIN) & (tainted == 0)
        neck = (zones.neck | zones.opening) > 0
        enough = round(ENOUGH_SKIN * zones.unit * zones.unit)
        self._neck = _follow(self._neck, view.small[sure & neck], weight, enough)
        for side, limb in zones.limbs.items():
            seen = limb.hand_distance < LIMB_MIDDLE
            if side in bare:
                seen = limb.within(LIMB_MIDDLE / 100, *FOREARM) & (limb.hand_distance >= 100)
            tone = _follow(self._arms.get(side), view.small[sure & seen], weight, enough)
            if tone is not None:
                self._arms[side] = tone

    def _tones(self, sides: list[Side]) -> NDArray[np.float32]:
        """Colours (n, 3) of the neck and of each side's arm."""
        face = self._face if self._face is not None else np.full(3, ANY_TONE, np.float32)
        neck = face * np.float32(NECK_TONE)
        if self._neck is not None:
            neck += NECK_OWN * (self._neck - neck)
        tones = [neck]
        for side in sides:
            other = next((t for s, t in self._arms.items() if s is not side), face)
            tones.append(_as_light(self._arms.get(side, other), face))
        return np.asarray(tones, np.float32)

    def _shades(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        layers: Layers,
        tainted: Alpha,
        limb: Alpha,
    ) -> NDArray[np.float32]:
        """Colour of painted skin and the light of folds on it, (h, w, 4) or larger."""
        unfit = np.maximum(tainted, as_mask(zones.in_face < FACE))  # shaded or bearded chins
        skin, light, spread = skin_samples(
            view.small, view.lab, evidence.skin, unfit, layers.skin, SURELY_SKIN
        )
        strength = np.interp(spread, [PLAIN_SPREAD, BUSY_SPREAD], [FOLD_STRENGTH, 0.0])
        shades = shade_skin(
            twice_blurred(skin, odd(0.5 * NEAR * zones.unit))
            + BESIDE_WEIGHT * twice_blurred(skin, odd(0.5 * BESIDE * zones.unit, BESIDE_LEAST)),
            twice_blurred(light, odd(FINE_FOLDS * zones.unit)),
            twice_blurred(light, odd(NO_FOLDS * zones.unit)),
            self._tones(list(zones.limbs)),
            limb,
            zones.below_chin,
            TRUST_TONE,
            LIT_BELOW,
            float(strength),
            *FOLD_RANGE,
        )
        return doubled(shades)


def _limbs(zones: Zones) -> tuple[Alpha, NDArray[np.int8]]:
    """Which colour each cell has (0 neck, then the arms), and where on its limb it lies."""
    number = np.zeros_like(zones.neck)
    across = np.zeros((*number.shape, 3), np.int8)
    for count, limb in enumerate(zones.limbs.values(), start=1):
        number[(limb.distance < ARM) & (zones.neck == 0)] = count
        inside = limb.outline > 0
        across[inside] = limb.across[inside]
    return number, across


def _from_right(view: View, zones: Zones) -> float:
    """How much more light the right half of the face gets than the left, of the whole."""
    face = zones.face
    x = np.arange(view.shape[1], dtype=np.float32) - face.centre[0]
    y = np.arange(view.shape[0], dtype=np.float32)[:, None] - face.centre[1]
    right = x * face.across[0] + y * face.across[1] > 0.0
    inside = (zones.in_face < FACE_MIDDLE) & (view.person > SURELY_PERSON)
    on_right, on_left = view.lab[inside & right, 0], view.lab[inside & ~right, 0]
    if not (len(on_right) and len(on_left)):
        return 0.0
    means = float(on_right.mean()), float(on_left.mean())
    share = SIDE_LIGHT * (means[0] - means[1]) / max(sum(means), 1.0)
    return min(max(share, -MOST_SIDE_LIGHT), MOST_SIDE_LIGHT)


def _as_light(tone: Tone, face: Tone) -> Tone:
    """An arm's colour, about as light as the face: a fast hand mixes with what it passes."""
    level = float(tone.mean()) / max(float(face.mean()), 1.0)
    return np.asarray(tone * np.float32(np.clip(level, *ARM_LIGHT) / max(level, 1e-3)), np.float32)


def _follow(old: Tone | None, pixels: Image, weight: np.float32, enough: int = 1) -> Tone | None:
    if len(pixels) < enough:
        return old
    pixels = pixels[:: 1 + len(pixels) // MANY_PIXELS]
    order = np.argsort(pixels.sum(axis=1, dtype=np.int32), kind="stable")
    lit = order[int(LIT_FROM * len(order)) : int(LIT_TO * len(order)) + 1]
    tone = pixels[lit].mean(axis=0, dtype=np.float32)
    return tone if old is None else np.asarray(old + weight * (tone - old), np.float32)


def spread(picture: Image, known: Alpha, ground: Alpha) -> Floats:
    """Colours (h, w, 3) or larger of what is behind: a smooth mean of what is seen around.

    Args:
        picture: (h, w, 3); known: (h, w), not 0 where it shows what may be continued.
        ground: (h, w), not 0 where the colours are wanted.
    """
    return doubled(extrapolate(picture, known))


def continued(picture: Image, known: Alpha, ground: Alpha) -> Floats:
    """The same with the edges of what is seen around; takes 8 ms or more on a camera's grid.

    Source: Telea 2004, An image inpainting technique based on the fast marching method.
    """
    colours = np.zeros(picture.shape, np.float32)
    x, y, width, height = cv2.boundingRect(ground)
    if width:
        rows = slice(max(0, y - AROUND), y + height + AROUND)
        columns = slice(max(0, x - AROUND), x + width + AROUND)
        unknown = (known[rows, columns] == 0).astype(np.uint8)
        place = np.ascontiguousarray(picture[rows, columns])
        colours[rows, columns] = cv2.inpaint(place, unknown, INPAINT_CELLS, cv2.INPAINT_TELEA)
    return colours


def continue_garment(
    garment: NDArray[np.uint8], wanted: Alpha
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """How the garment goes on beyond its edge; None when it does not.

    Args:
        garment: (h, w, 4) premultiplied RGBA.
        wanted: (h, w) alpha it shall have at least.

    Returns:
        For 2 × 2 cells (h / 2, w / 2, 3): steps down, steps right to its edge and their length; and
        the garment's smooth colour.
    """
    solid = as_mask(garment[..., 3] >= SOLID)
    if not solid.any() or not wanted.any():
        return None
    way = cv2.blur(way_to_edge(solid), (CALM_STEPS, CALM_STEPS))
    return np.asarray(way, np.float32), np.asarray(extrapolate(garment, solid), np.float32)
