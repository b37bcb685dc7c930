"""Evidence → decisions → fills and light → one picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose import kernels
from pipeline.compose.evidence import ColourEvidence, Evidence
from pipeline.compose.fill import SkinPainter, continue_garment, paint_ground
from pipeline.compose.hem import WornHem
from pipeline.compose.layers import WORN_CERTAIN, LayerDecider, Layers
from pipeline.compose.light import SceneTone, contact_shadow, garment_gain
from pipeline.compose.morph import as_mask, grown, opened, steep, union
from pipeline.compose.view import View, look_at, shrink
from pipeline.compose.zones import fill_below, find_zones
from pipeline.structures import Alpha, Body, Composite, DrawnLook, Frame, Image

CLOTH_EDGE = 70  # person alpha at which the continued garment begins
CLOTH_BESIDE = 1  # cells beside the person's alpha where the rim of what is worn may lie
CRISP = 1.4  # contrast regained at edges that were found on a much coarser grid
GRAIN = 2.5  # levels; painted skin without any looks airbrushed beside the camera's
NO_GAIN = 128  # of the light on a garment
HEM_ROOM = 0.03  # torso lengths by which a worn hem may waver
LONGEST_HEM = 0.2  # torso lengths a garment is continued below its hem to hide a longer one


class Compositor:
    """Puts a drawn look on a person in the camera's picture. One per session.

    What it learns (colours, tones, the hem of what is worn) lives here and nowhere else.
    """

    def __init__(self) -> None:
        self._evidence = ColourEvidence()
        self._decider = LayerDecider()
        self._painter = SkinPainter()
        self._tone = SceneTone()
        self._hem = WornHem()

    @property
    def worn_hem(self) -> float | None:
        """Depth of the worn garment's hem, torso lengths below the shoulder line; None unknown."""
        return self._hem.depth

    def reset(self) -> None:
        """Forget person and scene, for instance at a cut."""
        for part in (self._evidence, self._decider, self._painter, self._tone, self._hem):
            part.reset()

    def compose(
        self,
        frame: Frame,
        body: Body,
        drawn: DrawnLook,
        *,
        opacity: float,
        time_s: float,
    ) -> Composite:
        """Dress one frame.

        Args:
            frame: the camera's picture.
            body: the person in it.
            drawn: the look drawn on that body.
            opacity: 0..1 of everything that is changed; at 0 colours are still learnt.
            time_s: the frame's time; repeat it to compose a still picture again.

        Returns:
            A picture that is the camera's bit for bit wherever the mask is 0; the mask covers
            garment, fills and contact shadows only.
        """
        view = look_at(frame, body, drawn)
        zones = find_zones(view, body, drawn)
        evidence = self._evidence.observe(view, zones, time_s)
        self._hem.update(frame.image, view, zones, body, evidence, time_s)
        tone = self._tone.measure(frame.image, time_s)
        garment = _place(view, drawn, drawn.rgba)
        small = shrink(garment, view.step)
        cover = np.ascontiguousarray(small[..., 3])
        above = _above_hem(view, body, drawn, evidence, self._hem.depth)
        layers = self._decider.decide(view, zones, evidence, cover, above, time_s)
        image = frame.image.copy()
        mask = np.zeros(image.shape[:2], np.uint8)
        if opacity <= 0.0:
            return Composite(image, mask)
        kernels.limit(garment, view.to_full(layers.room))
        cover = np.minimum(cover, layers.room)
        beside = grown(view.person_small, 2 * CLOTH_BESIDE + 1)  # the person's alpha is tight
        cloth = np.minimum(layers.cloth, steep(beside, CLOTH_EDGE))
        continue_garment(garment, small, view.to_full(cloth), view.step)
        ground = paint_ground(view, layers, _surroundings(view, evidence, layers, cover))
        fill = self._painter.paint(view, zones, evidence, layers, ground, time_s)
        cover = np.maximum(cover, layers.cloth)
        gain = garment_gain(view, zones, evidence, layers)
        if drawn.lit > 0.0:
            gain, tone = _less(gain, drawn.lit), tone + np.float32(drawn.lit) * (1 - tone)
        lights = (gain, contact_shadow(view, zones, cover, layers))
        painted = _blend(view, drawn, garment, fill, layers, lights, tone, opacity)
        image[view.box.slices], mask[view.box.slices] = painted
        return Composite(image, mask, look="photo", opacity=opacity)


def warm_up() -> None:
    """Compile every loop or load it from the cache, so that no session waits for it."""
    plane, colours = np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8)
    lab, tone = np.zeros((4, 4, 3), np.float32), np.ones(3, np.float32)
    rgba = np.zeros((4, 4, 4), np.uint8)
    bins = kernels.colour_bins(lab)
    like = kernels.likeness(lab, tone, tone)
    maps = kernels.share(like, like, bins, np.zeros(kernels.BIN_COUNT, np.float32), 1.0)
    memory = np.zeros((6, 6, 3), np.float32)[1:5, 1:5]
    known = np.zeros((6, 6), np.uint8)[1:5, 1:5]
    for count in (3, 6):
        old = np.zeros((6, 6, count), np.float32)[1:5, 1:5]
        new = np.zeros((4, 4, count), np.float32)
        kernels.changed(new, old, 0.5)
        kernels.settle(new, maps, old, memory, known, plane, 0.5, 1.0, 1.0)
    distance, _ = kernels.limb_field(4, 4, np.ones((2, 4), np.float32))
    kernels.paint_fill(plane, plane, lab, like, distance, 0.5, colours)
    kernels.limit(rgba, plane)
    kernels.extend_garment(rgba, plane, np.zeros((4, 4, 2), np.float32), like, colours, 1, 1.0)
    kernels.blend(
        colours,
        rgba,
        rgba,
        rgba,
        plane,
        plane,
        plane,
        plane,
        tone,
        1.0,
        1.0,
        1.0,
        colours.copy(),
        plane,
    )


def _place(view: View, drawn: DrawnLook, rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A drawn layer on the view's box; what lies outside of the box is lost."""
    canvas = np.zeros((*view.image.shape[:2], 4), np.uint8)
    box, to = drawn.box, view.box
    x0, y0 = max(box.x0, to.x0), max(box.y0, to.y0)
    x1, y1 = min(box.x1, to.x1), min(box.y1, to.y1)
    if x1 > x0 and y1 > y0:
        canvas[y0 - to.y0 : y1 - to.y0, x0 - to.x0 : x1 - to.x0] = rgba[
            y0 - box.y0 : y1 - box.y0, x0 - box.x0 : x1 - box.x0
        ]
    return canvas


def _less(gain: Alpha, lit: float) -> Alpha:
    """Light for a garment that is lit already."""
    even = np.full_like(gain, NO_GAIN)
    return np.asarray(cv2.addWeighted(gain, 1.0 - lit, even, lit, 0.0), np.uint8)


def _above_hem(
    view: View, body: Body, drawn: DrawnLook, evidence: Evidence, worn_hem: float | None
) -> Alpha:
    """255 where the garment may be continued: above its hem, or a little below to hide a longer."""
    left, right = (drawn.hem_px + body.up * (HEM_ROOM * body.torso_px)).astype(np.float32)
    above = ~fill_below(view.blank(), view.to_small(left), view.to_small(right))
    hem_px = float(np.mean((body.mid_shoulder - drawn.hem_px) @ body.up))
    longer = -1.0 if worn_hem is None else worn_hem - hem_px / body.torso_px
    if not -HEM_ROOM < longer < LONGEST_HEM:
        return above  # a tunic below a short top is no strip to hide
    down = body.up * ((longer + 2 * HEM_ROOM) * body.torso_px)
    strip = ~fill_below(view.blank(), view.to_small(left - down), view.to_small(right - down))
    sure = opened(as_mask(evidence.worn > WORN_CERTAIN), 5)
    return union(above, np.minimum(strip, grown(sure, 5)))


def _surroundings(view: View, evidence: Evidence, layers: Layers, cover: Alpha) -> Alpha:
    """Where the camera shows what may continue behind a slimmed sleeve."""
    worn = as_mask((evidence.worn > 40) & (view.person_small > 60))
    known = ((evidence.skin < 100) | (view.person_small < 20)) & (grown(worn, 9) == 0)
    known &= (layers.ground == 0) & (layers.skin == 0) & (cover < 20) & (layers.keep == 0)
    return as_mask(known)


def _blend(
    view: View,
    drawn: DrawnLook,
    garment: NDArray[np.uint8],
    fill: NDArray[np.uint8],
    layers: Layers,
    lights: tuple[Alpha, Alpha],
    tone: NDArray[np.float32],
    opacity: float,
) -> tuple[Image, Alpha]:
    gain, shadow = lights
    back = np.zeros_like(garment)
    if drawn.back_collar is not None:
        back = _place(view, drawn, drawn.back_collar)
    image, mask = np.empty_like(view.image), np.empty(view.image.shape[:2], np.uint8)
    kernels.blend(
        view.image,
        garment,
        back,
        view.to_full(fill),
        view.to_full(layers.front),
        view.to_full(shadow),
        view.to_full(~layers.neck),
        view.to_full(gain),
        tone,
        opacity,
        1.0 + CRISP * (view.step - 1) / view.step,
        GRAIN,
        image,
        mask,
    )
    return image, mask
