"""Where things are on a body: parts of the skin, the scalp, and coordinates that clothes follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags

from weights.training.generator.library import Library
from weights.training.generator.meshes import Floats, Ints
from weights.training.generator.posing import Posed

Flags = NDArray[np.bool_]

SKIN_PARTS: tuple[
    tuple[str, ...], ...
] = (  # bones of face, neck and torso, arms, hands, legs, feet
    ("head", "eye"),
    ("neck", "spine", "clavicle", "root"),
    ("shoulder", "upperarm", "lowerarm"),
    ("wrist", "finger", "metacarpal"),
    ("pelvis", "upperleg", "lowerleg"),
    ("foot", "toe"),
)
ARM_BONES = ("upperarm", "lowerarm", *SKIN_PARTS[3])  # along which sleeves are measured
ARM_BLUR = 4  # rounds of smoothing over the armhole
PART_BLUR = 2
MIDDLE_M = 0.012  # half width of the strip in which the chin is looked for
CHIN_M = 0.004  # of the skin below the line that still faces forward
JAW_ANGLE = 0.75  # of the way from the chin to the ear's lobe, where the jaw turns upwards
JAW_DROP_M = 0.012  # how far it lies there below the straight line
JAW_SOFT_M = 0.006
TORSO_REACH = -0.3  # arm coordinate of what belongs to no arm


@dataclass(frozen=True, slots=True)
class Places:
    """Coordinates of points on one body at rest.

    Attributes:
        rest: (n, 3) metres.
        arm: (n,) 0..1, how much a point belongs to an arm.
        reach: (n,) along the arm: 0 shoulder, 1 elbow, 2 wrist; below 0 on the torso.
        height: (n,) 0 at the crotch, 1 at the root of the neck.
        neck: (3,) root of the neck, torso_m: length from crotch to there.
    """

    rest: Floats
    arm: Floats
    reach: Floats
    height: Floats
    neck: Floats
    torso_m: float


class Anatomy:
    """What is the same for all bodies of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.index = {name: i for i, name in enumerate(library.bones)}
        count = library.rest.shape[1]
        rows = np.repeat(np.arange(count), library.influences.shape[1])
        self.skinning = csr_matrix(
            (library.influence_weights.ravel(), (rows, library.influences.ravel())),
            (count, len(library.bones)),
        )
        everything = np.concatenate([m.triangles for m in library.meshes.values()])
        blur = averaging(everything, count)
        self.parts = self._shares(SKIN_PARTS)
        self._head = self.parts[:, 0].copy()
        rest = library.rest.mean(0)
        lips, ears = (self.mask(name) > 0.5 for name in ("lips", "ears"))
        # bones put the upper half of the neck to the head
        below = below_jaw(rest, lips, ears, self._head > 0.5)
        self.parts[:, 1] += below * self.parts[:, 0]
        self.parts[:, 0] *= 1 - below
        for _ in range(PART_BLUR):
            self.parts = np.asarray(blur @ self.parts, np.float32)
            self._head = np.asarray(blur @ self._head, np.float32)
        self._arm = {s: self._arm_share(s, blur) for s in "LR"}

    def _shares(self, groups: tuple[tuple[str, ...], ...], side: str = "") -> Floats:
        """(vertices, groups) how much of each vertex hangs on bones with these names."""
        belongs = np.zeros((len(self.index), len(groups)))
        for name, i in self.index.items():
            for k, group in enumerate(groups):
                belongs[i, k] = name.startswith(group) and name.endswith(side)
        return np.asarray(self.skinning @ belongs, np.float32)

    def _arm_share(self, side: str, blur: csr_matrix) -> Floats:
        share = self._shares((ARM_BONES,), f".{side}")[:, 0]
        for _ in range(ARM_BLUR):
            share = blur @ share
        return np.asarray(share, np.float32)

    def places(self, body: int, points: csr_matrix | None = None) -> Places:
        """Coordinates of points on one body.

        Args:
            points: (n, vertices) matrix that makes them from the base mesh; None for its vertices.
        """
        rest, heads = self.library.rest[body], self.library.heads[body]
        if points is not None:
            rest = np.asarray(points @ rest, np.float32)
        arm = np.zeros(len(rest), np.float32)
        reach = np.full(len(rest), TORSO_REACH, np.float32)
        for side in "LR":
            share = self._arm[side] if points is None else points @ self._arm[side]
            inner = share * self._along_arm(rest, heads, side) + (1 - share) * TORSO_REACH
            reach = np.where(share > arm, inner, reach)
            arm = np.maximum(arm, share)
        neck, low = heads[self.index["neck01"]], heads[self.index["upperleg01.L"]][2]
        torso_m = float(neck[2] - low)
        height = (rest[:, 2] - low) / torso_m
        return Places(rest, arm, reach.astype(np.float32), height, neck, torso_m)

    def _along_arm(self, points: Floats, heads: Floats, side: str) -> Floats:
        shoulder, elbow, wrist = (
            heads[self.index[f"{k}.{side}"]] for k in ("upperarm01", "lowerarm01", "wrist")
        )
        upper, fore = elbow - shoulder, wrist - elbow
        first = (points - shoulder) @ upper / (upper @ upper)
        second = (points - elbow) @ fore / (fore @ fore)
        return np.where(first < 1, first, 1 + np.clip(second, 0, 1.6)).clip(-0.3, 2.6)

    def transforms(self, posed: Posed) -> Floats:
        """(vertices, 3, 4) from rest to posed position of every vertex of the base mesh."""
        flat = posed.transforms.reshape(len(self.index), 12)
        return np.asarray(self.skinning @ flat, np.float32).reshape(-1, 3, 4)

    def scalp(self, body: int, hairline_m: float) -> Floats:
        """(vertices,) where hair grows: above 0.5. ``hairline_m`` is above the eyes, in front."""
        rest, heads = self.library.rest[body], self.library.heads[body]
        eye = heads[self.index["eye.L"]]
        back = rest[:, 1] - eye[1]  # 0 at the eyes, growing to the back
        over = rest[:, 2] - eye[2]
        temple = np.interp(back, [0.0, 0.05, 0.085, 0.11, 0.2], [0.0, 0.0, -0.02, -0.09, -0.115])
        line = hairline_m + temple - 0.35 * hairline_m * np.clip((back - 0.02) / 0.06, 0, 1)
        inside = (over - line) / 0.03 + 0.5
        sides = np.clip((np.abs(rest[:, 0]) - 0.045) / 0.02, 0, 1)  # receding above the temples
        inside = inside - 0.4 * sides * (back < 0.05)
        ears = np.clip(self.library.masks["ears"], 0, 1)
        inside = inside - 3 * _fitted(ears, len(rest))
        neck = self.parts[:, :2].sum(1) - self._head
        head = self._head + neck * (back > 0.1)
        return np.asarray(np.where(head > 0.4, np.clip(inside, -1, 2), -1), np.float32)

    def beard(self, body: int) -> Floats:
        """(vertices,) 0..1 where a beard grows."""
        rest, heads = self.library.rest[body], self.library.heads[body]
        eye = heads[self.index["eye.L"]]
        lips = _fitted(self.library.masks["lips"], len(rest))
        mouth = (rest * lips[:, None]).sum(0) / max(float(lips.sum()), 1e-6)
        below = np.clip((mouth[2] + 0.018 - rest[:, 2]) / 0.012, 0, 1)
        below *= np.clip((rest[:, 2] - (mouth[2] - 0.085)) / 0.02, 0, 1)
        side = np.clip((rest[:, 1] - eye[1] - 0.035) / 0.02, 0, 1) * np.clip(
            (0.085 - (rest[:, 1] - eye[1])) / 0.015, 0, 1
        )
        sideburn = (
            side
            * np.clip((eye[2] + 0.01 - rest[:, 2]) / 0.02, 0, 1)
            * (rest[:, 2] > mouth[2] - 0.05)
        )
        front = below * np.clip((0.07 - (rest[:, 1] - eye[1])) / 0.03, 0, 1)
        return np.asarray(np.maximum(front, sideburn) * (self._head > 0.3), np.float32)

    def mask(self, name: str) -> Floats:
        """(vertices,) 0..1 of a painted region of the face."""
        return _fitted(self.library.masks[name], self.library.rest.shape[1])


def _fitted(mask: Floats, count: int) -> Floats:
    return np.asarray(np.pad(mask, (0, count - len(mask))), np.float32)


def below_jaw(points: Floats, lips: Flags, ears: Flags, head: Flags) -> Floats:
    """1 below the line from the chin along the jaw to the ears' lobes, 0 above, soft between.

    Args:
        points: (n, 3) a body at rest, metres; y grows to the back, z upwards.
        lips, ears, head: (n,) which of them belong there; a head's bones move half of the neck.
    """
    back, up = points[:, 1], points[:, 2]
    middle = np.abs(points[:, 0]) < MIDDLE_M
    front = points[middle & (up < up[lips].mean()) & head]
    chin = front[np.argmin(front[:, 1] + front[:, 2])]  # foremost and lowest
    lobe = np.array([0, back[ears].mean(), up[ears].min()])
    angle = chin + JAW_ANGLE * (lobe - chin) - (0, 0, JAW_DROP_M)
    line = np.interp(back, [chin[1], angle[1], lobe[1]], [chin[2], angle[2], lobe[2]])
    return np.asarray(np.clip((line - CHIN_M - up) / JAW_SOFT_M + 0.5, 0, 1), np.float32)


def averaging(triangles: Ints, count: int) -> csr_matrix:
    """(n, n) matrix that replaces every vertex by the mean of itself and its neighbours."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), (count, count)).tocsr()
    linked = ((graph + graph.T) > 0).astype(np.float64) + diags(np.ones(count))
    return (diags(1 / np.asarray(linked.sum(1)).ravel()) @ linked).tocsr()
