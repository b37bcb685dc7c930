"""A drawn person in a drawn shirt, with the body and the look that belong to them.

Flat colours with a little noise, 320×240: enough for every decision of the compositor, and every
pixel's owner is known. The wearer's right is on the left of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.compose.compositor import Compositor
from pipeline.compose.parts import PartMaps
from pipeline.labels import Landmark, OwnPart
from pipeline.own_crop import INPUT_HW, OwnCrop
from pipeline.own_parse import OwnParse
from pipeline.structures import (
    Arm,
    Body,
    Box,
    Composite,
    DrawnLook,
    Frame,
    Image,
    Points,
    Pose,
    Side,
)

WIDTH, HEIGHT = 320, 240
SKIN = (205, 150, 125)
HAIR = (45, 32, 28)
WORN = (40, 90, 160)
WALL = (190, 195, 188)
JEANS = (70, 75, 90)
GARMENT = (200, 40, 60)
BACK = (20, 170, 60)

SHOULDER_Y, HIP_Y, HEM_Y = 96.0, 196.0, 190
WAIST_Y = 186
SHOULDERS = {Side.RIGHT: 130.0, Side.LEFT: 190.0}
TRUNK = (122, 198)
FACE = (160, 58)
FACE_AXES = (17, 24)
STRAND = (177, 50, 189, 124)
HAND_ON_CHEST = (160.0, 140.0)
HAND_RADIUS = 11
BALL = (235, 235, 230)
BALL_RADIUS, PRINT_RADIUS = 15, 9


@dataclass(frozen=True)
class Scene:
    """What is drawn.

    Attributes:
        brightness: factor on everything the camera sees.
        cast: factor per channel on the same.
        hand_on_chest: the wearer's right hand lies on the chest instead of hanging.
        in_front: what the body says about that arm.
        worn_sleeves: the worn shirt has long sleeves.
        sleeveless: it has none at all.
        worn_top_y: where the worn shirt begins, px.
        hem_y: where the worn shirt ends, px; above the trousers' waist the belly is bare.
        trousers: their colour.
        long_hair: a strand hangs over the wearer's left shoulder.
        strand: its box, px.
        skin: colour of the skin.
        worn: colour of the worn shirt.
        print_at: middle of a pale print on the worn shirt, px.
        ball: middle of a ball in front of everything, px.
        ball_part: what the parser takes the ball for.
        seed: of the camera's noise.
    """

    brightness: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    hand_on_chest: bool = False
    in_front: bool = True
    worn_sleeves: bool = False
    sleeveless: bool = False
    worn_top_y: int = 90
    hem_y: int = HEM_Y
    trousers: tuple[int, int, int] = JEANS
    long_hair: bool = False
    strand: tuple[int, int, int, int] = STRAND
    skin: tuple[int, int, int] = SKIN
    worn: tuple[int, int, int] = WORN
    print_at: tuple[int, int] | None = None
    ball: tuple[int, int] | None = None
    ball_part: OwnPart = OwnPart.UPPER
    seed: int = 1
    size_wh: tuple[int, int] = field(default=(WIDTH, HEIGHT))

    def but(self, **changes: object) -> Scene:
        return replace(self, **changes)  # type: ignore[arg-type]

    # -- geometry ------------------------------------------------------------------------------

    def joints(self, side: Side) -> Points:
        """Shoulder, elbow, wrist and knuckles, (4, 2)."""
        outward = -1.0 if side is Side.RIGHT else 1.0
        x = SHOULDERS[side]
        shoulder = (x, SHOULDER_Y)
        elbow = (x + 22 * outward, SHOULDER_Y + 48)
        if self.hand_on_chest and side is Side.RIGHT:
            return np.array([shoulder, elbow, (143.0, 143.0), HAND_ON_CHEST], np.float32)
        wrist = (x + 26 * outward, SHOULDER_Y + 92)
        return np.array([shoulder, elbow, wrist, (wrist[0], wrist[1] + 10)], np.float32)

    # -- what the camera sees ------------------------------------------------------------------

    def camera(self) -> Image:
        image = np.empty((HEIGHT, WIDTH, 3), np.float32)
        image[:] = WALL
        for zone, colour, _ in self.painted():
            image[zone > 0] = colour
        image = cv2.GaussianBlur(image, (0, 0), 0.6)
        image *= self.brightness * np.array(self.cast, np.float32)
        noise = np.random.default_rng(self.seed).normal(0.0, 1.5, image.shape)
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    def painted(self) -> list[tuple[NDArray[np.uint8], tuple[int, int, int], OwnPart]]:
        bare, clothed = (self.skin, OwnPart.ARMS), (self.worn, OwnPart.UPPER)
        sleeve = clothed if self.worn_sleeves else bare
        layers = [
            (_ellipse(FACE[0], FACE[1] - 6, 23, 29), HAIR, OwnPart.HAIR),
            (_box(150, 70, 170, 100), self.skin, OwnPart.NECK),
            (_box(TRUNK[0] + 4, 100, TRUNK[1] - 4, WAIST_Y), self.skin, OwnPart.NECK),
            (_box(TRUNK[0] + 4, WAIST_Y, TRUNK[1] - 4, HEIGHT), self.trousers, OwnPart.LOWER),
            (_box(TRUNK[0], self.worn_top_y, TRUNK[1], self.hem_y), self.worn, OwnPart.UPPER),
            (_ellipse(*FACE, *FACE_AXES), self.skin, OwnPart.FACE),
        ]
        if self.print_at is not None:
            layers.append((_disc(np.array(self.print_at), PRINT_RADIUS), BALL, OwnPart.UPPER))
        for side in Side:
            shoulder, elbow, wrist, knuckles = self.joints(side)
            layers += [
                (_line(elbow, wrist, 13), *sleeve),
                (_line(shoulder, elbow, 17), *(bare if self.sleeveless else clothed)),
                (_disc(knuckles, HAND_RADIUS), self.skin, OwnPart.HANDS),
            ]
        if self.long_hair:
            layers.append((_box(*self.strand), HAIR, OwnPart.HAIR))
        if self.ball is not None:
            layers.append((_disc(np.array(self.ball), BALL_RADIUS), BALL, self.ball_part))
        return layers

    def person(self) -> NDArray[np.uint8]:
        person = np.zeros((HEIGHT, WIDTH), np.uint8)
        for zone, _, _ in self.painted():
            person |= zone
        return cv2.GaussianBlur(person, (0, 0), 1.0)

    def hand(self) -> NDArray[np.bool_]:
        """The inside of the hand on the chest, clear of its soft edge."""
        return _disc(np.array(HAND_ON_CHEST), HAND_RADIUS - 5) > 0

    def ball_itself(self) -> NDArray[np.bool_]:
        """The inside of the ball, clear of its soft edge."""
        assert self.ball is not None
        return _disc(np.array(self.ball), BALL_RADIUS - 4) > 0

    def face(self) -> NDArray[np.bool_]:
        """The inside of the face."""
        return _ellipse(*FACE, FACE_AXES[0] - 2, FACE_AXES[1] - 4) > 0

    def forearm(self, side: Side) -> NDArray[np.bool_]:
        """The middle of a forearm, clear of the worn shirt's short sleeve."""
        _, elbow, wrist, _ = self.joints(side)
        return _line(elbow + (wrist - elbow) * 0.5, elbow + (wrist - elbow) * 0.75, 5) > 0

    def parts(self, time_s: float = 0.0) -> PartMaps:
        """What a parser sees of it: coarse, and sure of nothing."""
        truth = np.zeros((len(OwnPart), HEIGHT, WIDTH), np.float32)
        truth[OwnPart.BACKGROUND] = 1.0
        for zone, _, part in self.painted():
            truth[:, zone > 0] = 0.0
            truth[part, zone > 0] = 1.0
        crop = OwnCrop.fit(0, 0, WIDTH, HEIGHT)
        size = INPUT_HW[::-1]
        seen = [cv2.warpAffine(cv2.blur(plane, (5, 5)), crop.to_crop, size) for plane in truth]
        parse = OwnParse(crop, np.log(np.stack(seen) * 0.94 + 0.005))
        return PartMaps.of(parse, self.body().pose, time_s)

    def mirror(self) -> Compositor:
        """A compositor that has been told the parts of its person."""
        compositor = Compositor()
        compositor.saw(self.parts())
        return compositor

    # -- what the stages before the compositor say ---------------------------------------------

    def frame(self, time_s: float = 0.0) -> Frame:
        return Frame(self.camera(), time_s)

    def body(self) -> Body:
        marks = np.full((33, 2), (160.0, 300.0), np.float32)
        for mark, place in {
            Landmark.NOSE: (160, 60),
            Landmark.LEFT_EYE: (167, 52),
            Landmark.RIGHT_EYE: (153, 52),
            Landmark.LEFT_EAR: (177, 56),
            Landmark.RIGHT_EAR: (143, 56),
            Landmark.MOUTH_LEFT: (165, 69),
            Landmark.MOUTH_RIGHT: (155, 69),
        }.items():
            marks[mark] = place
        for mark in range(Landmark.MOUTH_RIGHT + 1):
            if marks[mark, 1] == 300.0:  # inner and outer corners of the eyes
                marks[mark] = marks[Landmark.LEFT_EYE if mark < 4 else Landmark.RIGHT_EYE]
        pose = Pose(marks, np.ones(33, np.float32), np.zeros(33, np.float32), self.person())
        levels = np.linspace(0.2, 1.2, 6, dtype=np.float32)
        half = np.full(6, (TRUNK[1] - TRUNK[0]) / 2, np.float32)
        return Body(
            pose=pose,
            mid_shoulder=np.array([160.0, SHOULDER_Y], np.float32),
            mid_hip=np.array([160.0, HIP_Y], np.float32),
            up=np.array([0.0, -1.0], np.float32),
            right=np.array([1.0, 0.0], np.float32),
            torso_px=HIP_Y - SHOULDER_Y,
            half_chest_px=38.0,
            half_chest_seen_px=38.0,
            yaw_rad=0.0,
            levels=levels,
            half_widths_px={Side.LEFT: half, Side.RIGHT: half},
            arms={side: self._arm(side) for side in Side},
        )

    def _arm(self, side: Side) -> Arm:
        shoulder, elbow, wrist, hand = self.joints(side)
        outward = np.array([-6.0 if side is Side.RIGHT else 6.0, -6.0], np.float32)
        front = self.in_front and self.hand_on_chest and side is Side.RIGHT
        return Arm(
            shoulder=shoulder,
            elbow=elbow,
            wrist=wrist,
            hand=hand,
            shoulder_tip=shoulder + outward,
            armpit=shoulder + np.array([0.0, 22.0], np.float32),
            visible=1.0,
            in_front=front,
            behind=False,
        )

    def drawn(self, hem_y: int = 200, colour: tuple[int, int, int] = GARMENT) -> DrawnLook:
        """A short-sleeved garment with a round neck, in one colour."""
        torso = _box(TRUNK[0] - 4, 86, TRUNK[1] + 4, hem_y)
        torso[_ellipse(160, 84, 18, 14) > 0] = 0
        alpha = torso.copy()
        parts = (torso > 0).astype(np.uint8)
        for code, side in ((2, Side.LEFT), (3, Side.RIGHT)):
            shoulder, elbow, _, _ = self.joints(side)
            sleeve = _line(shoulder, shoulder + (elbow - shoulder) * 0.55, 22)
            parts[(sleeve > 0) & (alpha == 0)] = code
            alpha |= sleeve
        alpha[_ellipse(160, 84, 18, 14) > 0] = 0
        rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        rgba[alpha > 0] = (*colour, 255)
        angle = np.linspace(np.pi, 0.0, 9)
        neckline = np.stack([160 + 18 * np.cos(angle), 84 + 14 * np.sin(angle)], axis=1)
        return DrawnLook(
            box=Box(0, 0, WIDTH, HEIGHT),
            rgba=rgba,
            torso_alpha=torso,
            parts=parts,
            vertices_px=np.zeros((3, 2), np.float32),
            neckline_px=neckline.astype(np.float32),
            hem_px=np.array([[TRUNK[0] - 4, hem_y], [TRUNK[1] + 4, hem_y]], np.float32),
            sleeve_reach={Side.LEFT: 0.55, Side.RIGHT: 0.55},
        )


def dress(
    scene: Scene,
    compositor: Compositor | None = None,
    *,
    drawn: DrawnLook | None = None,
    opacity: float = 1.0,
    times: int = 1,
) -> Composite:
    """Compose a scene, ``times`` times in a row a thirtieth of a second apart."""
    compositor = compositor or Compositor()
    compositor.saw(scene.parts())
    for step in range(times):
        composite = compositor.compose(
            scene.frame(),
            scene.body(),
            drawn or scene.drawn(),
            opacity=opacity,
            time_s=step / 30,
        )
    return composite


def colour_of(image: NDArray[np.uint8], where: object) -> NDArray[np.float32]:
    return np.median(image[where].reshape(-1, 3), axis=0).astype(np.float32)


def near(colour: NDArray[np.float32], wanted: tuple[int, int, int], within: float = 40) -> bool:
    return bool(np.abs(colour - np.array(wanted)).max() < within)


def with_back_collar(drawn: DrawnLook) -> DrawnLook:
    collar = np.zeros_like(drawn.rgba)
    collar[72:100, 138:182] = (*BACK, 255)
    return replace(drawn, back_collar=collar)


def _blank() -> NDArray[np.uint8]:
    return np.zeros((HEIGHT, WIDTH), np.uint8)


def _box(x0: int, y0: int, x1: int, y1: int) -> NDArray[np.uint8]:
    zone = _blank()
    zone[y0:y1, x0:x1] = 255
    return zone


def _ellipse(x: int, y: int, a: int, b: int) -> NDArray[np.uint8]:
    return cv2.ellipse(_blank(), (x, y), (a, b), 0, 0, 360, 255, -1)


def _line(start: NDArray[np.float32], end: NDArray[np.float32], width: int) -> NDArray[np.uint8]:
    a, b = np.round(start).astype(int).tolist(), np.round(end).astype(int).tolist()
    return cv2.line(_blank(), a, b, 255, width)


def _disc(centre: NDArray[np.floating], radius: int) -> NDArray[np.uint8]:
    return cv2.circle(_blank(), np.round(centre).astype(int).tolist(), radius, 255, -1)
