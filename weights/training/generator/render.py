"""A scene into a picture with labels: camera, light, geometry, shading, and what is around."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.labels import OwnPart
from weights.training.generator.items import Item
from weights.training.generator.library import Library
from weights.training.generator.meshes import Floats
from weights.training.generator.noise import noise_volume
from weights.training.generator.person import Dresser, Person
from weights.training.generator.prints import Textures
from weights.training.generator.raster import FAR, Bytes, empty_buffers, rasterise
from weights.training.generator.rotations import unit
from weights.training.generator.shading import UV, WORLD, shade
from weights.training.generator.surroundings import harmonics, sample_background

SIZE_HW = (576, 432)  # of a finished picture: closer looks than at the upper body need it
FINER = 2  # times as many pixels are drawn in both directions
SHADOW_PX = 384
SHADOW_REACH_M = 1.2
NEAR_M, FAR_M = 0.1, 20.0
OPEN_RADII = (5, 15)  # of the drawn pixels, within which neighbours take light away
OPEN_DEPTH_M = 0.08
BODY_LANDMARKS = {  # bones that begin at MediaPipe's landmarks, by its number
    11: "upperarm01.L", 12: "upperarm01.R", 13: "lowerarm01.L", 14: "lowerarm01.R",
    15: "wrist.L", 16: "wrist.R", 17: "finger5-1.L", 18: "finger5-1.R",
    19: "finger2-1.L", 20: "finger2-1.R", 21: "finger1-2.L", 22: "finger1-2.R",
    23: "upperleg01.L", 24: "upperleg01.R", 25: "lowerleg01.L", 26: "lowerleg01.R",
    27: "foot.L", 28: "foot.R", 2: "eye.L", 5: "eye.R",
}  # fmt: skip
FRAMINGS = {"webcam": 0.3, "half": 0.3, "full": 0.4}
"""Shares of pictures down to the waist, the thighs and the feet."""
STRETCHED_M = 0.36  # a hand so far before its shoulder may hold the camera
SELFIES = 0.5  # how often it does
SELFIE_VIEW_DEG = (50, 85)


@dataclass(frozen=True, slots=True)
class Camera:
    """Attributes: to_clip (4, 4); eye (3,) metres; tan_half of the vertical field of view."""

    to_clip: Floats
    eye: Floats
    tan_half: float

    def project(self, points: Floats) -> Floats:
        """World (n, 3) → clip space (n, 4)."""
        return np.asarray(points @ self.to_clip[:, :3].T + self.to_clip[:, 3], np.float32)

    def pixels(self, points: Floats, size_hw: tuple[int, int]) -> Floats:
        """World (n, 3) → (n, 2) px, origin at the centre of the top-left pixel."""
        clip = self.project(points)
        flat = clip[:, :2] / clip[:, 3:]
        height, width = size_hw
        x, y = (flat[:, 0] * 0.5 + 0.5) * width, (0.5 - flat[:, 1] * 0.5) * height
        return np.stack([x - 0.5, y - 0.5], 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished picture.

    Attributes:
        image: (H, W, 3) uint8 sRGB, clean: no noise, no compression.
        label: (H, W) uint8 of ``OwnPart``.
        landmarks: (33, 3) x, y in px and 1 where known, else 0.
    """

    image: Bytes
    label: Bytes
    landmarks: Floats


@dataclass(frozen=True, slots=True)
class _Cutout:
    """A person drawn earlier, to stand beside a later one."""

    light: Floats
    alpha: Floats


class Generator:
    """Makes samples; the same seed and number give the same picture.

    Args:
        library: what to draw from.
        seed: of this data set.
    """

    def __init__(self, library: Library, seed: int) -> None:
        self._dresser = Dresser(library)
        self._environments = {k: v.astype(np.float32) for k, v in library.environments.items()}
        self._noise = noise_volume()
        self._seed = seed

    def sample(self, number: int) -> Sample:
        """Draw picture ``number`` of this data set."""
        rng = np.random.default_rng([self._seed, number])
        textures = Textures()
        person = self._dresser.sample(rng, textures)
        camera = sample_camera(person, self._dresser.anatomy.index, rng)
        light, alpha, label = self._draw(person, camera, textures, rng)
        tone = person.items[0].material.base
        behind = sample_background(self._environments, SIZE_HW, tone, rng)
        if rng.random() < 0.15:
            behind, light, alpha, label = self._with_another(behind, light, alpha, label, rng)
        picture = light + behind * (1 - alpha[..., None])
        picture, label = _foreground(picture, label, rng)
        return Sample(_develop(picture, alpha, rng), label, self._landmarks(person, camera))

    def _landmarks(self, person: Person, camera: Camera) -> Floats:
        """Bones at MediaPipe's landmarks; the face's are put where a face has them."""
        index = self._dresser.anatomy.index
        found = np.zeros((33, 3), np.float32)
        numbers = list(BODY_LANDMARKS)
        places = person.joints[[index[BODY_LANDMARKS[n]] for n in numbers]]
        found[numbers, :2] = camera.pixels(places, SIZE_HW)
        found[numbers, 2] = 1
        return found

    def _draw(
        self, person: Person, camera: Camera, textures: Textures, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Bytes]:
        """Light (H, W, 3) and cover (H, W) of the person, and the labels."""
        scene = _gather(person.items)
        stack = textures.stack()
        size = (SIZE_HW[0] * FINER, SIZE_HW[1] * FINER)
        depth, triangle, weights = empty_buffers(size)
        clip = camera.project(scene.attributes[:, WORLD : WORLD + 3])
        holes = np.ascontiguousarray(stack[..., 3])
        uv = np.ascontiguousarray(scene.attributes[:, UV : UV + 2])
        rasterise(
            clip, scene.keep, uv, scene.faces, scene.hole_layer, holes, depth, triangle, weights
        )
        key, to_shadow = _key_light(person, rng)
        shadow = _shadow(scene, to_shadow, holes, uv)
        colour = np.zeros((*size, 3), np.float32)
        label = np.zeros(size, np.uint8)
        shade(
            triangle, weights, scene.faces, scene.item, scene.attributes, scene.materials, stack,
            self._noise, _openness(depth, clip), shadow, to_shadow, camera.eye,
            self._ambient(rng), key, colour, label,
        )  # fmt: skip
        solid = (triangle >= 0).astype(np.float32)
        small = SIZE_HW[::-1]
        return (
            cv2.resize(np.minimum(colour, 6.0), small, interpolation=cv2.INTER_AREA),
            cv2.resize(solid, small, interpolation=cv2.INTER_AREA),
            _majority(label),
        )

    def _ambient(self, rng: np.random.Generator) -> Floats:
        name = str(rng.choice(sorted(self._environments)))
        light = harmonics(self._environments[name], rng.uniform(0, 6.3))
        light = light / max(float(light[0].mean()), 1e-3) * rng.uniform(0.3, 0.75)
        grey = light.mean(1, keepdims=True)
        return np.asarray(grey + (light - grey) * rng.uniform(0, 1), np.float32)

    def _with_another(
        self, behind: Floats, light: Floats, alpha: Floats, label: Bytes, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats, Bytes]:
        """Somebody else at the edge, behind or before; all background to us."""
        textures = Textures()
        person = self._dresser.sample(rng, textures)
        camera = sample_camera(person, self._dresser.anatomy.index, rng)
        other = _Cutout(*self._draw(person, camera, textures, rng)[:2])
        height, width = SIZE_HW
        size = rng.uniform(0.5, 1.1)
        aside = rng.choice([-1, 1]) * rng.uniform(0.4, 0.75) * width
        move = np.array(
            [
                [size, 0, aside + width * (1 - size) / 2],
                [0, size, rng.uniform(0, 0.5) * height * (1 - size) + height * max(1 - size, 0)],
            ]
        )
        other_light = cv2.warpAffine(other.light, move, (width, height))
        other_alpha = cv2.warpAffine(other.alpha, move, (width, height))
        if rng.random() < 0.7 or (other_alpha * (label > 0)).mean() > 0.08:
            return other_light + behind * (1 - other_alpha[..., None]), light, alpha, label
        over = 1 - other_alpha
        label = np.where(other_alpha > 0.5, OwnPart.BACKGROUND, label).astype(np.uint8)
        return behind, light * over[..., None] + other_light, 1 - (1 - alpha) * over, label


@dataclass(frozen=True, slots=True)
class _Scene:
    attributes: Floats
    keep: Floats
    faces: Floats
    item: Floats
    hole_layer: Floats
    materials: Floats


def _gather(items: list[Item]) -> _Scene:
    starts = np.cumsum([0] + [len(i.keep) for i in items])
    faces = [i.faces + s for i, s in zip(items, starts, strict=False)]
    count = [len(f) for f in faces]
    layers = [i.material.layer if i.holes else -1 for i in items]
    return _Scene(
        np.ascontiguousarray(np.concatenate([i.attributes for i in items])),
        np.concatenate([i.keep for i in items]).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
        np.repeat(np.arange(len(items)), count).astype(np.int32),
        np.repeat(layers, count).astype(np.int32),
        np.stack([i.material.row() for i in items]),
    )


def sample_camera(person: Person, index: dict[str, int], rng: np.random.Generator) -> Camera:
    """Webcam, half and full figures and selfies. Looks along +y, roughly level."""
    at = {name: person.joints[i] for name, i in index.items()}
    selfie = _selfie_eye(at, rng)
    if selfie is not None:
        target = at["head"] + rng.normal(0, 0.07, 3)
        return _looking(selfie, target, np.deg2rad(rng.uniform(*SELFIE_VIEW_DEG)), rng)
    hip = (at["upperleg01.L"] + at["upperleg01.R"]) / 2
    kind = rng.choice(list(FRAMINGS), p=list(FRAMINGS.values()))
    above = person.top_z + rng.uniform(0.03, 0.25)
    if kind == "webcam":
        below = at["neck01"][2] - (at["neck01"][2] - hip[2]) * rng.uniform(0.55, 1.05)
    elif kind == "half":
        below = hip[2] - rng.uniform(0, 0.45)
    else:
        below = person.bottom_z - rng.uniform(0.02, 0.3)
    tall = above - below
    view = np.deg2rad(rng.uniform(26, 56))
    distance = tall / 2 / float(np.tan(view / 2)) + 0.05
    target = np.array(
        [(at["head"][0] + hip[0]) / 2 + rng.normal(0, 0.06) * tall, 0, (above + below) / 2]
    )
    pitch = rng.normal(0.0, 0.1)
    sideways = rng.normal(0, 0.06) * distance
    eye = target + np.array([sideways, -distance * np.cos(pitch), distance * np.sin(pitch)])
    return _looking(eye, target, view, rng)


def _selfie_eye(at: dict[str, Floats], rng: np.random.Generator) -> Floats | None:
    """Beside a hand that is stretched towards the viewer, if there is one and chance wants it."""
    for side, sign in (("L", 1), ("R", -1)):
        hand, shoulder = at[f"wrist.{side}"], at[f"upperarm01.{side}"]
        if shoulder[1] - hand[1] > STRETCHED_M and rng.random() < SELFIES:
            aside = (-sign * rng.uniform(0.05, 0.22), -rng.uniform(0.02, 0.14))
            return hand + np.array([*aside, rng.uniform(-0.02, 0.16)], np.float32)
    return None


def _looking(eye: Floats, target: Floats, view: float, rng: np.random.Generator) -> Camera:
    """A camera held nearly level, with a vertical field of view in radians."""
    tan_half = float(np.tan(view / 2))
    ahead = unit(target - eye)
    right = unit(np.cross(ahead, [rng.normal(0, 0.035), 0, 1]))
    up = np.cross(right, ahead)
    looking = np.eye(4)
    looking[:3, :3] = right, up, -ahead
    looking[:3, 3] = -looking[:3, :3] @ eye
    lens = np.zeros((4, 4))
    lens[0, 0] = SIZE_HW[0] / SIZE_HW[1] / tan_half
    lens[1, 1] = 1 / tan_half
    lens[2, 2:] = -(FAR_M + NEAR_M) / (FAR_M - NEAR_M), -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
    lens[3, 2] = -1
    return Camera((lens @ looking).astype(np.float32), np.asarray(eye, np.float32), tan_half)


def _key_light(person: Person, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(2, 3) direction and colour, and (3, 4) world → the space of its shadow map."""
    towards = unit([rng.normal(0, 0.8), -rng.uniform(-0.25, 1.2), rng.uniform(-0.1, 1.2)])
    strength = rng.uniform(0, 1.0) if rng.random() < 0.75 else 0.0
    colour = np.clip(strength * (1 + rng.normal(0, 0.12, 3)), 0, 2)
    side = unit(np.cross(towards, [0.01, 0, 1]))
    up = np.cross(side, towards)
    rows = np.stack([side, -up, -towards]) / np.array([[SHADOW_REACH_M], [SHADOW_REACH_M], [1.0]])
    middle = np.array([0, 0, person.top_z - 0.5])
    to_shadow = np.concatenate([rows, -(rows @ middle)[:, None]], 1)
    return np.stack([towards, colour]).astype(np.float32), to_shadow.astype(np.float32)


def _shadow(scene: _Scene, to_shadow: Floats, holes: Bytes, uv: Floats) -> Floats:
    depth, triangle, weights = empty_buffers((SHADOW_PX, SHADOW_PX))
    seen = scene.attributes[:, WORLD : WORLD + 3] @ to_shadow[:, :3].T + to_shadow[:, 3]
    clip = np.concatenate([seen, np.ones((len(seen), 1))], 1).astype(np.float32)
    rasterise(clip, scene.keep, uv, scene.faces, scene.hole_layer, holes, depth, triangle, weights)
    return depth


def _openness(depth: Floats, clip: Floats) -> Floats:
    """(H, W) 0..1: creases and what lies behind something near see less of the surroundings."""
    solid = depth < FAR
    # back from the hyperbolic depth to metres
    metres = 2 * FAR_M * NEAR_M / (FAR_M + NEAR_M - np.where(solid, depth, 1) * (FAR_M - NEAR_M))
    metres = np.where(solid, metres, metres[solid].max() if solid.any() else 1).astype(np.float32)
    taken = np.zeros_like(metres)
    for radius in OPEN_RADII:
        nearer = metres - cv2.blur(metres, (2 * radius + 1,) * 2)
        taken += np.clip(nearer / OPEN_DEPTH_M, 0, 1)
    return np.asarray(1 - 0.45 * np.minimum(taken, 1.2), np.float32)


def _majority(label: Bytes) -> Bytes:
    """The commonest class of every block of drawn pixels."""
    small = SIZE_HW[::-1]
    shares = [
        cv2.resize((label == part).astype(np.float32), small, interpolation=cv2.INTER_AREA)
        for part in OwnPart
    ]
    return np.asarray(np.argmax(shares, axis=0), np.uint8)


def _foreground(picture: Floats, label: Bytes, rng: np.random.Generator) -> tuple[Floats, Bytes]:
    """Sometimes a desk, a screen's edge or the back of a chair stands before the person."""
    if rng.random() > 0.12:
        return picture, label
    height, width = label.shape
    paint = [float(c) for c in colours_of_things(rng)]
    cover = np.zeros((height, width), np.uint8)
    if rng.random() < 0.6:
        edge = int(height * rng.uniform(0.78, 0.97))
        cv2.fillPoly(
            cover,
            [
                np.array(
                    [
                        [0, edge],
                        [width, edge + rng.integers(-15, 15)],
                        [width, height],
                        [0, height],
                    ],
                    np.int32,
                )
            ],
            1,
        )
    else:
        x = int(rng.choice([-0.05, 0.75]) * width + rng.uniform(0, 0.1) * width)
        y = int(height * rng.uniform(0.5, 0.85))
        cv2.rectangle(cover, (x, y), (x + width // 3, height), 1, -1)
    hidden = cover > 0
    shaded = np.array(paint) * rng.uniform(0.7, 1.1, (height, 1, 1))
    picture = np.where(hidden[..., None], shaded, picture).astype(np.float32)
    return picture, np.where(hidden, OwnPart.BACKGROUND, label).astype(np.uint8)


def colours_of_things(rng: np.random.Generator) -> tuple[float, float, float]:
    """Furniture: wood, black, white, anything."""
    from weights.training.generator import colours

    return colours.cloth(rng, (0.3, 0.17, 0.08))


def _develop(light: Floats, alpha: Floats, rng: np.random.Generator) -> Bytes:
    """Linear light → sRGB bytes as a camera exposes it."""
    person = light[alpha > 0.5]
    level = float(np.percentile(person.mean(-1), 75)) if len(person) else 0.3
    adaption = rng.uniform(0.2, 0.8)  # how far the camera corrects dark and bright subjects
    exposure = (0.4 / max(level, 0.02)) ** adaption * np.exp(rng.normal(0, 0.25))
    light = light * exposure * np.exp(rng.normal(0, 0.06, 3))
    shoulder = rng.uniform(0.05, 0.3)
    mapped = np.clip(light / (1 + shoulder * light) * (1 + shoulder * 0.6), 0, 1)
    return np.asarray(mapped ** (1 / rng.uniform(1.9, 2.4)) * 255 + 0.5, np.uint8)
