"""How the synthetic people stand and gesture: a rotation for every bone.

Convention: x to the person's left, y to their back, z up, metres; rotations are global and turn
the rest pose's directions into the posed ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weights.training.generator.library import Library
from weights.training.generator.meshes import Floats
from weights.training.generator.rotations import (
    Matrix,
    Vector,
    about,
    axis_angle,
    between,
    euler,
    frame,
    unit,
)

SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")
FINGERS = (2, 3, 4, 5)
TRIES = 40  # for an arm that does not run through the body
GESTURES = {  # how often a hand is where
    "down": 0.21,
    "hips": 0.10,
    "front": 0.20,
    "cross": 0.12,
    "face": 0.09,
    "up": 0.08,
    "out": 0.09,
    "forward": 0.11,
}
STRIDING = 0.22  # share of people who step, lunge, lift a knee or sit down
ELBOW_BACK_M = 0.28  # further back than this an elbow does not go


@dataclass(frozen=True, slots=True)
class Posed:
    """One body in one pose.

    Attributes:
        rotations: (104, 3, 3) global.
        joints: (104, 3) where each bone begins, metres.
        transforms: (104, 3, 4) from rest to posed positions.
    """

    rotations: NDArray[np.float64]
    joints: NDArray[np.float64]
    transforms: Floats


class Poser:
    """Poses the bodies of a library.

    Args:
        library: gives skeleton and rest joints.
    """

    def __init__(self, library: Library) -> None:
        self._bones = library.bones
        self._parents = library.parents
        self.index = {name: i for i, name in enumerate(library.bones)}

    def sample(self, heads: Floats, rng: np.random.Generator) -> Posed:
        """A random upright stance with gesturing arms for a body with these rest joints."""
        rest = heads.astype(np.float64)
        turned = _torso(rng) | _legs(rng)
        mirrored = rng.random() < 0.3  # both hands do the same, as when explaining something
        gestures = list(rng.choice(list(GESTURES), 2, p=list(GESTURES.values())))
        if mirrored:
            gestures[1] = gestures[0]
        for side, sign, gesture in zip("LR", (1, -1), gestures, strict=True):
            joints = self._chain(rest, turned)[1]
            turned |= self._arm(rest, joints, turned["spine01"], (side, sign, gesture), rng)
        rotations, joints = self._chain(rest, turned)
        transforms = np.zeros((len(rest), 3, 4), np.float32)
        transforms[:, :, :3] = rotations
        transforms[:, :, 3] = joints - np.einsum("bij,bj->bi", rotations, rest)
        return Posed(rotations, joints, transforms)

    def _chain(self, rest: Vector, turned: dict[str, Matrix]) -> tuple[Matrix, Vector]:
        rotations = np.tile(np.eye(3), (len(rest), 1, 1))
        joints = rest.copy()
        for i, (name, parent) in enumerate(zip(self._bones, self._parents, strict=True)):
            above = rotations[parent] if parent >= 0 else np.eye(3)
            rotations[i] = turned.get(name, above)
            if parent >= 0:
                joints[i] = joints[parent] + above @ (rest[i] - rest[parent])
        return rotations, joints

    def _arm(
        self,
        rest: Vector,
        joints: Vector,
        chest: Matrix,
        who: tuple[str, int, str],
        rng: np.random.Generator,
    ) -> dict[str, Matrix]:
        side, sign, gesture = who
        at = {k: self.index[f"{k}.{side}"] for k in ("upperarm01", "lowerarm01", "wrist")}
        shoulder, elbow, wrist = (rest[i] for i in at.values())
        lengths = (float(np.linalg.norm(elbow - shoulder)), float(np.linalg.norm(wrist - elbow)))
        start = chest.T @ (joints[at["upperarm01"]] - joints[self.index["spine01"]])
        torso = rest[self.index["neck01"]][2] - rest[self.index["upperleg01.L"]][2]
        bent, reached = _reach(start, lengths, torso, (sign, gesture), rng)
        upper, fore = chest @ (bent - start), chest @ (reached - bent)
        turned = _shoulder(chest, upper, lengths[0], side, sign)
        turned |= _elbow(chest, (elbow - shoulder, wrist - elbow), (upper, fore), side)
        turned |= self._hand(rest, turned[f"lowerarm01.{side}"], fore, (side, sign), rng)
        return turned

    def _hand(
        self,
        rest: Vector,
        forearm: Matrix,
        along: Vector,
        who: tuple[str, int],
        rng: np.random.Generator,
    ) -> dict[str, Matrix]:
        side, sign = who
        twist = rng.uniform(-0.8, 1.3) * sign
        wrist = about(along, twist) @ forearm
        wrist = wrist @ euler(rng.normal(0, 0.22), rng.normal(0, 0.22), rng.normal(0, 0.18))
        turned = {f"lowerarm02.{side}": about(along, twist / 2) @ forearm, f"wrist.{side}": wrist}
        across = unit(rest[self.index[f"finger2-1.{side}"]] - rest[self.index[f"finger5-1.{side}"]])
        curl = rng.beta(1.0, 2.0) * 1.4
        apart = rng.random() < 0.3  # a pointing or counting hand: every finger for itself
        for finger in FINGERS:
            own = rng.uniform(0, 1.4) if apart else curl * rng.uniform(0.75, 1.2)
            bend = wrist
            for joint in (1, 2, 3):
                bend = bend @ about(across, -sign * own * 0.85)
                turned[f"finger{finger}-{joint}.{side}"] = bend
        return turned


def _torso(rng: np.random.Generator) -> dict[str, Matrix]:
    """Spine, neck and head, each bone taking its share of the bend."""
    turned: dict[str, Matrix] = {}
    now = np.eye(3)
    bend = np.array([rng.normal(0.03, 0.08), rng.normal(0, 0.06), rng.normal(0, 0.12)])
    for name in SPINE:
        now = now @ euler(*(bend / len(SPINE)))
        turned[name] = now
    bend = np.array([rng.normal(0.02, 0.14), rng.normal(0, 0.11), rng.normal(0, 0.25)])
    for name in NECK:
        now = now @ euler(*(bend / len(NECK)))
        turned[name] = now
    return turned


def _legs(rng: np.random.Generator) -> dict[str, Matrix]:
    """Thighs and shins; most people just stand."""
    turned: dict[str, Matrix] = {}
    striding = rng.random() < STRIDING
    for side, sign in (("L", 1), ("R", -1)):
        back, apart = rng.normal(0, 0.08), abs(rng.normal(0.02, 0.05))
        bend = abs(rng.normal(0, 0.1))
        if striding:
            back, apart = rng.uniform(-1.4, 0.4), rng.uniform(0, 0.9)
            bend = rng.uniform(0, 1.6) * rng.random()
        thigh = euler(back, 0, 0) @ about([0, 1, 0], -sign * apart)
        turned[f"upperleg01.{side}"] = thigh
        turned[f"lowerleg01.{side}"] = thigh @ about([1, 0, 0], bend)
    return turned


def _target(
    gesture: str, start: Vector, reach: float, torso: float, sign: int, rng: np.random.Generator
) -> Vector:
    """Where the wrist goes, in the chest's axes."""
    u, high = rng.uniform, start[2]
    match gesture:
        case "down":
            x, y, z = start[0] + sign * u(0, 0.16), start[1] + u(-0.2, 0.1), -reach * u(0.9, 0.985)
            z += high
        case "hips":
            x, y, z = sign * u(0.14, 0.24), u(-0.14, 0.02), high - torso * u(0.65, 0.95)
        case "front":
            x, y, z = sign * u(-0.12, 0.22), u(-0.36, -0.19), high - torso * u(0.05, 0.9)
        case "cross":
            x, y, z = -sign * u(0.02, 0.2), u(-0.26, -0.18), high - torso * u(0.15, 0.6)
        case "face":
            x, y, z = sign * u(-0.03, 0.16), u(-0.24, -0.14), high + u(0.02, 0.28)
        case "up":
            x, y, z = start[0] + sign * u(-0.1, 0.3), start[1] + u(-0.25, 0.05), high + u(0.1, 0.45)
        case "out":
            x, y, z = start[0] + sign * u(0.25, 0.5), start[1] + u(-0.3, 0.1), high + u(-0.35, 0.2)
        case _:
            x, y, z = (
                start[0] + sign * u(-0.15, 0.15),
                start[1] - u(0.35, 0.55),
                high + u(-0.3, 0.1),
            )
    return np.array([x, y, z])


def _reach(
    start: Vector,
    lengths: tuple[float, float],
    torso: float,
    what: tuple[int, str],
    rng: np.random.Generator,
) -> tuple[Vector, Vector]:
    """Elbow and wrist in the chest's axes, for a gesture that does not enter the body."""
    sign, gesture = what
    upper, fore = lengths
    for _ in range(TRIES):
        way = _target(gesture, start, upper + fore, torso, sign, rng) - start
        distance = np.clip(np.linalg.norm(way), abs(upper - fore) + 0.08, (upper + fore) * 0.992)
        along = unit(way)
        before = (upper**2 - fore**2 + distance**2) / (2 * distance)
        aside = np.sqrt(max(upper**2 - before**2, 1e-8))
        pole = np.array(
            [sign * rng.uniform(0.1, 1.2), rng.uniform(-0.2, 0.9), -rng.uniform(0.2, 1.2)]
        )
        if gesture == "up":
            pole = np.array([sign * 1.0, rng.uniform(-0.3, 0.5), rng.uniform(-1, 0.4)])
        elbow = start + along * before + unit(pole - (pole @ along) * along) * aside
        wrist = start + along * distance
        if not _enters_body(elbow, wrist, start[2], torso) and elbow[0] * sign > 0.05:
            return elbow, wrist
    elbow = start + np.array([sign * 0.05, 0, -upper * 0.99])
    return elbow, elbow + np.array([sign * 0.03, -0.05, -fore * 0.98])


def _enters_body(elbow: Vector, wrist: Vector, shoulder_z: float, torso: float) -> bool:
    """Whether a point of the forearm lies in an ellipse around the torso or around the head."""
    if elbow[1] > ELBOW_BACK_M:
        return True
    for part in (0.0, 0.3, 0.5, 1.0):
        x, y, z = elbow * (1 - part) + wrist * part
        if (
            shoulder_z - torso * 1.05 < z < shoulder_z + 0.02
            and (x / 0.2) ** 2 + (y / 0.17) ** 2 < 1
        ):
            return True
        above = (z - shoulder_z - 0.22) / 0.16
        if z > shoulder_z + 0.08 and (x / 0.11) ** 2 + ((y + 0.02) / 0.13) ** 2 + above**2 < 1:
            return True
    return False


def _shoulder(
    chest: Matrix, upper: Vector, length: float, side: str, sign: int
) -> dict[str, Matrix]:
    """A raised arm lifts collar bone and shoulder."""
    lift = float(np.clip((upper[2] / length + 0.2) * 0.35, 0, 0.45))
    return {
        f"clavicle.{side}": chest @ about([0, 1, 0], -sign * lift * 0.6),
        f"shoulder01.{side}": chest @ about([0, 1, 0], -sign * lift),
    }


def _elbow(
    chest: Matrix, rest: tuple[Vector, Vector], posed: tuple[Vector, Vector], side: str
) -> dict[str, Matrix]:
    """Upper arm and forearm; half of the upper arm's twist is left to its second bone."""
    (rest_upper, rest_fore), (upper, fore) = rest, posed
    rest_side = np.cross(rest_upper, [0.0, -1.0, 0.0])
    side_axis = np.cross(upper, fore)
    if np.linalg.norm(side_axis) < 0.15 * np.linalg.norm(upper) * np.linalg.norm(fore):
        side_axis = np.cross(upper, chest @ np.array([0.0, -1.0, 0.1]))
    twisted = frame(upper, side_axis) @ frame(rest_upper, rest_side).T
    straight = chest @ between(rest_upper, chest.T @ upper)
    axis, angle = axis_angle(twisted @ straight.T)
    half = about(axis, angle / 2) if angle > 1e-3 else np.eye(3)
    return {
        f"upperarm01.{side}": half @ straight,
        f"upperarm02.{side}": twisted,
        f"lowerarm01.{side}": frame(fore, side_axis) @ frame(rest_fore, rest_side).T,
    }
