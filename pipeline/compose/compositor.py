"""Evidence → decisions → fills and light → one picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.evidence import Witness
from pipeline.compose.fill import SkinPainter, continue_garment
from pipeline.compose.hem import WornHem
from pipeline.compose.layers import LayerDecider
from pipeline.compose.light import GAIN_ONE, SceneTone, light_of
from pipeline.compose.loops.blend import (
    BARE_GROUND,
    BEHIND,
    CLOTH,
    COUNT,
    COVER,
    FRONT,
    GAIN,
    LIMIT,
    ROOM,
    SHADOW,
    SKIN,
    Coarse,
    Look,
    Manner,
    blend,
)
from pipeline.compose.loops.grid import behind_neck
from pipeline.compose.loops.parts import movement, sample
from pipeline.compose.morph import steep
from pipeline.compose.parts import CarriedParts, PartMaps
from pipeline.compose.things import Things
from pipeline.compose.view import CELLS, FEW_CELLS, MANY_CELLS, View, Viewer, plain
from pipeline.compose.zones import Zones, find_zones
from pipeline.labels import Landmark
from pipeline.structures import Alpha, Body, Composite, DrawnLook, Frame, Points

CLOTH_EDGE = 0  # person alpha at which the continued garment begins, to cover a mixed rim
CRISP = 1.4  # contrast regained at edges that were found on a much coarser grid
NEAR = 1.0  # cells around a joint that move with it alone
FARTHEST = 0.3  # half chests a joint may move between two frames and be followed without a look
NECK_RADIUS = 0.36  # half chests
GRAIN = 2.5  # levels; painted skin without any looks airbrushed beside the camera's
NO_WAY = np.zeros((1, 1, 3), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Analysis:
    """What was decided about a frame, and the joints (n, 2) in px of the body it was decided on."""

    view: View
    coarse: Coarse
    joints: Points


class Compositor:
    """Puts a drawn look on a person in the camera's picture. One per session.

    What it learns (colours, tones, the hem of what is worn) lives here and nowhere else.

    Args:
        photo: of one picture that the parser studied and that is composed a few times: there is
            time for finer edges.
    """

    def __init__(self, photo: bool = False) -> None:
        self._cells = MANY_CELLS if photo else CELLS
        self._viewer = Viewer()
        self._parts = CarriedParts()
        self._witness = Witness(photo)
        self._things = Things()
        self._decider = LayerDecider()
        self._painter = SkinPainter(photo)
        self._tone = SceneTone()
        self._hem = WornHem()
        self._thrifty = False
        self._last: _Analysis | None = None  # of the frame before, if that was analysed

    @property
    def worn_hem(self) -> float | None:
        """Depth of the worn garment's hem, torso lengths below the shoulder line; None unknown."""
        return self._hem.depth

    @property
    def knows_person(self) -> bool:
        """Whether the parser has seen the person; until then nothing should be dressed."""
        return self._parts.known

    def saw(self, parts: PartMaps) -> None:
        """Take in what the parser saw in a frame of this person, whenever that comes."""
        self._parts.add(parts)

    def reset(self) -> None:
        """Forget person and scene, for instance at a cut."""
        learnt = self._parts, self._witness, self._things
        for part in (*learnt, self._decider, self._painter, self._tone, self._hem):
            part.reset()
        self._last = None

    def economise(self, on: bool) -> bool:
        """Analyse coarser, and only every second frame; True when that is a change.

        In between, what was decided is carried along with the body. Safe to call from any thread.
        """
        changes = on is not self._thrifty
        self._thrifty = on
        return changes

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
        image = np.array(frame.image, order="C")
        mask = np.zeros(image.shape[:2], np.uint8)
        tone = self._tone.measure(image, body, time_s)
        analysis = self._carried(body, drawn) if opacity > 0.0 else None
        if analysis is not None:
            self._last = None
        else:
            analysis = self._analyse(image, body, drawn, time_s, only_learn=opacity <= 0.0)
            self._last = analysis
        if analysis is None:
            return Composite(image, mask)
        view = analysis.view
        x, y = drawn.box.x0 - view.box.x0, drawn.box.y0 - view.box.y0
        crisp = 1.0 + CRISP * (view.step - 1) / view.step
        blend(
            Look(plain(drawn.rgba), plain(_collar(drawn)), y, x),
            analysis.coarse,
            Manner(float(GAIN_ONE), float(opacity), float(crisp), GRAIN),
            tone + np.float32(drawn.lit) * (1.0 - tone),
            view.step,
            view.box.y0,
            view.box.x0,
            view.box.y1,
            view.box.x1,
            image,
            mask,
        )
        return Composite(image, mask, look="photo", opacity=opacity)

    def _analyse(
        self,
        image: NDArray[np.uint8],
        body: Body,
        drawn: DrawnLook,
        time_s: float,
        *,
        only_learn: bool,
    ) -> _Analysis | None:
        view = self._viewer.look_at(image, body, drawn, FEW_CELLS if self._thrifty else self._cells)
        zones = find_zones(view, body, drawn)
        parts = self._parts.on(view, body.pose)
        evidence = self._witness.observe(view, zones, parts, time_s)
        bodily = self._witness.bodily
        things = self._things.find(view, zones, body, evidence, parts, bodily, time_s)
        self._hem.update(image, view, zones, body, evidence, time_s)
        garment = view.shrink(drawn.rgba, drawn.box[:2])
        cover = np.ascontiguousarray(garment[..., 3])
        longer = _longer(body, drawn, self._hem.depth)
        layers = self._decider.decide(view, zones, evidence, things, cover, longer, time_s)
        if only_learn:
            return None
        cloth = np.minimum(layers.cloth, steep(view.person, CLOTH_EDGE))
        cover = np.maximum(np.minimum(cover, layers.room), layers.cloth)
        fill = self._painter.paint(view, zones, evidence, layers, layers.known, time_s)
        front = np.minimum(layers.front, layers.limit)
        lights = light_of(view, zones, evidence, front, layers.keep, cover)
        lights[0] = _less(lights[0], drawn.lit)
        way, smooth = continue_garment(garment, cloth) or (NO_WAY, NO_WAY)
        if smooth is NO_WAY:
            cloth = view.blank()
        back, behind = _back_collar(view, zones, drawn)
        planes = np.empty((COUNT, *view.shape), np.uint8)
        planes[SKIN : BARE_GROUND + 1], planes[GAIN : SHADOW + 1] = fill, lights
        planes[FRONT], planes[LIMIT] = layers.front, layers.limit
        planes[ROOM], planes[CLOTH] = layers.room, cloth
        # the neck hides the collar behind it, be it wider than usual or painted
        bare = np.maximum(evidence.skin, layers.skin)
        planes[BEHIND] = np.minimum(np.minimum(behind, ~front), ~bare)
        planes[COVER] = np.maximum(cover, back)
        return _Analysis(view, Coarse(planes, way, smooth), _joints(body))

    def _carried(self, body: Body, drawn: DrawnLook) -> _Analysis | None:
        """What was decided about the frame before, moved to this one; None to decide anew."""
        last = self._last
        if last is None or not self._thrifty:
            return None
        view, joints = last.view, _joints(body)
        if np.abs(joints - last.joints).max() > FARTHEST * body.half_chest_px:
            return None
        now, then = view.to_small(joints), view.to_small(last.joints)
        moved = movement(*view.shape, now, then, NEAR)
        everywhere = np.full(view.shape, 255, np.uint8)
        planes = sample(last.coarse.planes, everywhere, moved, 1.0, 0.0, 0.0, True)
        cover = view.shrink(drawn.rgba, drawn.box[:2])[..., 3]
        np.maximum(planes[COVER], cover, out=planes[COVER])
        return _Analysis(view, last.coarse._replace(planes=planes), joints)


def _less(gain: Alpha, lit: float) -> Alpha:
    """Folds and shadows for a garment whose colours hold a share ``lit`` of the light already."""
    if lit <= 0.0:
        return gain
    even = np.full_like(gain, GAIN_ONE)
    return np.asarray(cv2.addWeighted(gain, 1.0 - lit, even, lit, 0.0), np.uint8)


def _joints(body: Body) -> Points:
    """Points (n, 2) in px that everything on a body moves with."""
    arms = [(a.shoulder, a.elbow, a.wrist, a.hand, a.armpit) for a in body.arms.values()]
    nose = body.pose.landmarks_px[Landmark.NOSE]
    return np.array([nose, body.mid_hip, *arms[0], *arms[1]], np.float32)


def _longer(body: Body, drawn: DrawnLook, worn_hem: float | None) -> float | None:
    """How far the worn garment reaches below the drawn one, torso lengths; None while unknown."""
    if worn_hem is None:
        return None
    down = (drawn.hem_px[0] + drawn.hem_px[1]) / 2 - body.mid_shoulder
    return worn_hem + float(down @ body.up) / body.torso_px


def _back_collar(view: View, zones: Zones, drawn: DrawnLook) -> tuple[Alpha, Alpha]:
    """Alpha of the inside of the back collar, and of the place that is left to it."""
    collar = _collar(drawn)
    if len(collar) == 0:
        return view.blank(), view.blank()
    left, right = zones.neckline[0], zones.neckline[-1]
    behind = behind_neck(view.person, zones.face.chin, left, right, NECK_RADIUS * zones.unit)
    return view.shrink(collar, drawn.box[:2])[..., 3], behind


def _collar(drawn: DrawnLook) -> NDArray[np.uint8]:
    """The rows of the inside of the back collar that can be seen, above the front neckline."""
    if drawn.back_collar is None:
        return drawn.rgba[:0]
    end = int(np.ceil(drawn.neckline_px[:, 1].max())) - drawn.box.y0 + 1
    return drawn.back_collar[: max(end, 0)]
