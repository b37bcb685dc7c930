"""What the fills are made of: skin for bare arms and necks, the scene behind a slimmed sleeve."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose import kernels
from pipeline.compose.evidence import LEARN_EVERY_S, SURELY_PERSON, Evidence
from pipeline.compose.layers import Layers
from pipeline.compose.morph import as_mask, grown, halved, local_mean, odd, resized, steep
from pipeline.compose.view import View
from pipeline.compose.zones import Zones, fill_face
from pipeline.structures import Alpha, Image, Side

Tone = NDArray[np.float32]  # (3,) RGB 0..255

SURELY_SKIN = 150  # evidence of a cell that may lend its colour
TAINTED = 60  # evidence of worn cloth beside which skin has taken on its colour
SKIN_EDGE = 20  # person alpha at which painted skin begins; the mask is a little tight
LIT_FROM, LIT_TO = 0.65, 0.97  # quantiles of light: the lit side of a face, without its shine
ROUNDNESS = 0.24  # loss of light at the edge of a painted limb
NECK_TONE = 0.97  # a neck lies a little in the shade of the head
NEAR = 0.4  # half chests; skin lends its colour to painted skin around it
MANY_PIXELS = 400  # more tell nothing more about a tone
TRUST_TONE = np.float32(0.15)  # weight of the known tone beside skin nearby
FOLD_RANGE = (0.80, 1.12)  # how much of the worn cloth's light and dark painted skin may inherit
FOLD_STRENGTH = 0.5
PLAIN_SPREAD, BUSY_SPREAD = 0.10, 0.30  # of log lightness; a print would tattoo the skin
CHIN_SHADOW = 0.5  # half chests below the chin that lie in its shadow
CHIN_SHADOW_DEPTH = 60  # percent of the way round a limb
TONE_TIME_S = 0.7
SOLID = 250  # alpha of a cell whose colour is all garment
CALM_STEPS = 3  # double cells over which the way to the garment's edge is averaged
AGREE_FROM = 0.75  # mean of the ways over the mean of their lengths, below which mirrors are shards
MIRROR_INSET = 1.5  # cells inside the garment's edge to mirror at
ENOUGH_HAND = 0.03  # square half chests of sure skin that tell a hand's colour


class SkinPainter:
    """Paints skin in the person's own colour: from skin nearby, else from the hand or the face."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the person's colours."""
        self._face: Tone | None = None
        self._hands: dict[Side, Tone] = {}
        self._time_s = 0.0

    def paint(
        self,
        view: View,
        zones: Zones,
        evidence: Evidence,
        layers: Layers,
        ground: Image,
        time_s: float,
    ) -> NDArray[np.uint8]:
        """``layers.skin`` over ``layers.ground`` as (h, w, 4) premultiplied RGBA."""
        if not (layers.skin.any() or layers.ground.any()):
            return np.zeros((*view.shape, 4), np.uint8)
        self._learn(view, zones, evidence, time_s)
        tone, distance = self._tones(view, zones)
        near = _nearby_skin(view, evidence, layers, tone, odd(0.5 * NEAR * zones.unit))
        fill = kernels.paint_fill(
            np.minimum(layers.skin, steep(view.person_small, SKIN_EDGE)),
            layers.ground,
            near,
            _folds(view, zones, layers),
            distance,
            ROUNDNESS,
            ground,
        )
        return np.asarray(fill, np.uint8)

    def _learn(self, view: View, zones: Zones, evidence: Evidence, time_s: float) -> None:
        elapsed = max(0.0, time_s - self._time_s)
        if self._face is not None and 0.0 < elapsed < LEARN_EVERY_S:
            return
        weight = np.float32(1.0 - np.exp(-elapsed / TONE_TIME_S))
        self._time_s = time_s
        middle = fill_face(np.zeros(view.shape, np.uint8), zones.face, 0.7) > 0
        self._face = _follow(
            self._face, view.small[middle & (view.person_small > SURELY_PERSON)], weight
        )
        sure = _sure_skin(view, evidence)
        for side, limb in zones.limbs.items():
            hand = view.small[sure & (limb.hand_distance < 80)]
            if len(hand) < ENOUGH_HAND * zones.unit * zones.unit:
                continue
            tone = _follow(self._hands.get(side), hand, weight)
            if tone is not None:
                self._hands[side] = tone

    def _tones(self, view: View, zones: Zones) -> tuple[NDArray[np.float32], Alpha]:
        """Skin colour by limb at half size, and (h, w) distance from the limb's bone in percent."""
        face = self._face if self._face is not None else np.full(3, 150.0, np.float32)
        fade = np.minimum(zones.below_chin * np.float32(0.01 / CHIN_SHADOW), 1.0)
        distance = (CHIN_SHADOW_DEPTH * (1.0 - fade)).astype(np.uint8)
        arms: list[tuple[NDArray[np.bool_], Tone]] = []
        for side, limb in zones.limbs.items():
            near = (limb.distance < 140) & (zones.neck == 0)
            np.copyto(distance, limb.distance, where=near)
            other = next((t for s, t in self._hands.items() if s is not side), face)
            arms.append((near, self._hands.get(side, other)))
        tone = np.empty((max(1, view.shape[0] // 2), max(1, view.shape[1] // 2), 3), np.float32)
        tone[:] = face * np.float32(NECK_TONE)
        for near, colour in arms:
            tone[halved(as_mask(near)) > 127] = colour
        return tone, distance


def _sure_skin(view: View, evidence: Evidence) -> NDArray[np.bool_]:
    sure = (evidence.skin > SURELY_SKIN) & (view.person_small > SURELY_PERSON)
    return np.asarray(sure & (grown(as_mask(evidence.worn > TAINTED), 3) == 0))


def _follow(old: Tone | None, pixels: Image, weight: np.float32) -> Tone | None:
    if len(pixels) == 0:
        return old
    pixels = pixels[:: 1 + len(pixels) // MANY_PIXELS]
    order = np.argsort(pixels.sum(axis=1, dtype=np.int32), kind="stable")
    lit = order[int(LIT_FROM * len(order)) : int(LIT_TO * len(order)) + 1]
    tone = pixels[lit].mean(axis=0, dtype=np.float32)
    return tone if old is None else np.asarray(old + weight * (tone - old), np.float32)


def _nearby_skin(
    view: View, evidence: Evidence, layers: Layers, tone: NDArray[np.float32], size: int
) -> NDArray[np.float32]:
    """Skin colour (h, w, 3) around each cell, leaning on ``tone`` where there is none near."""
    sure = as_mask(_sure_skin(view, evidence) & (layers.skin == 0))
    weight = halved(sure).astype(np.float32) * np.float32(1 / 255.0)
    total, count = local_mean(halved(view.small).astype(np.float32), weight, size)
    mixed = (total + tone * TRUST_TONE) / (count[..., None] + TRUST_TONE)
    mixed = np.clip(mixed, tone * np.float32(0.7), tone * np.float32(1.3))
    return resized(np.asarray(mixed, np.float32), view.shape[::-1])


def _folds(view: View, zones: Zones, layers: Layers) -> NDArray[np.float32]:
    """Light and dark of what is painted over, relative to its surroundings, (h, w)."""
    painted = halved(as_mask(layers.skin > 0)).astype(np.float32) * np.float32(1 / 255.0)
    light = halved(view.lab[..., 0]) + np.float32(8.0)
    sure = painted > 0.5
    spread = float(np.log(light[sure]).std()) if sure.any() else BUSY_SPREAD
    strength = float(np.interp(spread, [PLAIN_SPREAD, BUSY_SPREAD], [FOLD_STRENGTH, 0.0]))
    fine, fine_count = local_mean(light, painted, odd(0.05 * zones.unit))
    wide, wide_count = local_mean(light, painted, odd(0.3 * zones.unit))
    ratio = (fine + 0.01) / (fine_count + 1e-3) * (wide_count + 1e-3) / (wide + 0.01)
    ratio = np.clip(1.0 + strength * (ratio - 1.0), *FOLD_RANGE).astype(np.float32)
    folds = resized(ratio, view.shape[::-1])
    folds[zones.neck > 0] = 1.0  # collars, hoods and lanyards are no folds of a sleeve
    return folds


def paint_ground(view: View, layers: Layers, known: Alpha) -> Image:
    """Continue the surroundings over ``layers.ground``.

    Args:
        view: the person's neighbourhood.
        layers: the frame's layers.
        known: (h, w) uint8, 255 where the camera shows what may be continued.
    """
    if not layers.ground.any():
        return np.zeros((*view.shape, 3), np.uint8)
    return _extrapolate(view.small, known)


def _extrapolate(colours: Image, known: Alpha) -> Image:
    """Continue the colours (h, w, 3) of the known cells smoothly over all others.

    Source: Burt 1988, "Moment images, polynomial fit filters, and the problem of surface
    interpolation" (push-pull).
    """
    weight = halved(known).astype(np.float32)[..., None] * np.float32(1 / 255.0)
    levels = [np.concatenate([halved(colours).astype(np.float32) * weight, weight], axis=2)]
    while max(levels[-1].shape[:2]) > 2:
        rows, columns = levels[-1].shape[:2]
        levels.append(resized(levels[-1], ((columns + 1) // 2, (rows + 1) // 2)))
    full = _own_colour(levels.pop())
    for level in reversed(levels):
        coarse = resized(full, (level.shape[1], level.shape[0]))
        have = np.minimum(level[..., 3:] * np.float32(2.0), np.float32(1.0))
        full = coarse + (_own_colour(level) - coarse) * have
    full = np.clip(full, 0, 255).astype(np.uint8)
    return resized(full, (colours.shape[1], colours.shape[0]))


def _own_colour(level: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(level[..., :3] / (level[..., 3:] + np.float32(1e-4)), np.float32)


def continue_garment(
    garment: NDArray[np.uint8], small: NDArray[np.uint8], wanted: Alpha, step: int
) -> None:
    """Mirror the garment at its edge into ``wanted``, in place.

    Where its edge bends so that a mirror would show shards, its smooth colour is continued.

    Args:
        garment: (H, W, 4) premultiplied RGBA, changed.
        small: (h, w, 4) the same on the analysis grid.
        wanted: (H, W) uint8 alpha it shall have at least.
        step: frame px per analysis px.
    """
    solid = as_mask(small[..., 3] >= SOLID)
    if not solid.any() or not wanted.any():
        return
    smooth = _extrapolate(small[..., :3], solid)
    rows, columns = solid.shape  # the way to the edge is smooth: every second cell tells it
    coarse = as_mask(resized(solid, ((columns + 1) // 2, (rows + 1) // 2)) == 255)
    to_edge, faith = _to_edge(coarse)
    size = (2 * coarse.shape[1], 2 * coarse.shape[0])
    to_edge, faith = (resized(m, size)[:rows, :columns] for m in (to_edge * 2.0, faith))
    inset = MIRROR_INSET * step
    kernels.extend_garment(
        garment,
        wanted,
        np.ascontiguousarray(to_edge),
        np.ascontiguousarray(faith),
        smooth,
        step,
        inset,
    )


def _to_edge(solid: Alpha) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Steps (h, w, 2) down and right to the nearest solid cell, and how far these agree."""
    _, labels = cv2.distanceTransformWithLabels(
        ~solid, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    here = np.moveaxis(np.indices(solid.shape, np.float32), 0, -1)
    inside = solid > 0
    cells = np.zeros((int(labels.max()) + 1, 2), np.float32)
    cells[labels[inside]] = here[inside]
    steps = cells[labels] - here
    length = np.hypot(steps[..., 0], steps[..., 1])
    box = (CALM_STEPS, CALM_STEPS)
    steps = np.asarray(cv2.blur(steps, box), np.float32)
    agree = np.hypot(steps[..., 0], steps[..., 1]) / (cv2.blur(length, box) + np.float32(1e-3))
    faith = np.clip((agree - AGREE_FROM) / (1.0 - AGREE_FROM) * 2.0, 0.0, 1.0)
    return steps, np.asarray(faith, np.float32)
