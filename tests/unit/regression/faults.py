"""Mirrors with one planted fault each: what a regression test must catch and name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from pipeline.images import from_lab, to_lab
from pipeline.regression.mirror import Mirror, MirrorFactory
from pipeline.regression.regions import face_region, limb_area
from pipeline.smoothing import torso_length_px
from pipeline.structures import Composite, Frame, Garment, Pose

Change = Callable[[Frame, Pose | None, Composite], Composite]


class FaultyMirror:
    """Another mirror whose composites are changed on their way out."""

    def __init__(self, mirror: Mirror, change: Change) -> None:
        self._mirror = mirror
        self._change = change

    @property
    def pose(self) -> Pose | None:
        return self._mirror.pose

    def process(self, frame: Frame) -> Composite:
        composite = self._mirror.process(frame)
        return self._change(frame, self._mirror.pose, composite)

    def close(self) -> None:
        self._mirror.close()


def with_fault(factory: MirrorFactory, make_change: Callable[[], Change]) -> MirrorFactory:
    """A factory whose mirrors have the fault; each gets a fault of its own."""

    def make(garment: Garment) -> Mirror:
        return FaultyMirror(factory(garment), make_change())

    return make


def when_dressed(change: Change) -> Change:
    return lambda frame, pose, composite: (
        change(frame, pose, composite) if composite.dressed else composite
    )


def moved(frame: Frame, composite: Composite, shift_px: np.ndarray) -> Composite:
    """The garment elsewhere; the camera's picture shows where it was."""
    matrix = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]])
    size_wh = frame.size_wh
    mask = cv2.warpAffine(composite.mask, matrix, size_wh)
    image = cv2.warpAffine(composite.image, matrix, size_wh, borderMode=cv2.BORDER_REPLICATE)
    vertices = composite.vertices_px
    return replace(
        composite,
        image=np.where(mask[..., None] > 0, image, frame.image),
        mask=mask,
        vertices_px=None if vertices is None else (vertices + shift_px).astype(np.float32),
    )


def shifted(torso: float = 0.05) -> Change:
    """Everything sits lower by a share of the torso."""

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        assert pose is not None
        return moved(frame, composite, np.array([0.0, torso * torso_length_px(pose)]))

    return when_dressed(change)


def in_frame(number: int, change: Change) -> Change:
    """The fault in one frame only."""
    count = 0

    def once(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        nonlocal count
        count += 1
        return change(frame, pose, composite) if count - 1 == number else composite

    return once


def undressed(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
    """The garment is gone, and nothing says so."""
    return replace(composite, image=frame.image, mask=np.zeros_like(composite.mask))


def inverted(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
    image = np.where(composite.mask[..., None] > 0, 255 - composite.image, frame.image)
    return replace(composite, image=image)


def late(frames: int = 5) -> Change:
    """Garment, mask and mesh are those of some frames ago, on the present camera picture."""
    line: deque[Composite] = deque(maxlen=frames + 1)

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        line.append(composite)
        old = line[0]
        if not composite.dressed:
            return composite
        if not old.dressed:
            return undressed(frame, pose, composite)
        image = np.where(old.mask[..., None] > 0, old.image, frame.image)
        return replace(composite, image=image, mask=old.mask, vertices_px=old.vertices_px)

    return change


def on_the_face(share: float = 0.25) -> Change:
    """The mask reaches up over the lower part of the face."""

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        assert pose is not None
        face = face_region(pose, composite.mask.shape[:2])
        rows = np.flatnonzero(face.any(axis=1))
        face[: round(rows[-1] - share * len(rows))] = False
        image, mask = composite.image.copy(), composite.mask.copy()
        image[face], mask[face] = 90, 255
        return replace(composite, image=image, mask=mask)

    return when_dressed(change)


def tinted(shift: tuple[float, float, float] = (0.0, 4.0, 0.0)) -> Change:
    """Another colour, by a step in Lab."""

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        other = from_lab(to_lab(composite.image) + np.array(shift, np.float32))
        image = np.where(composite.mask[..., None] > 0, other, frame.image)
        return replace(composite, image=image)

    return when_dressed(change)


def bare_forearms(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
    """The camera's forearm lies over the sleeve."""
    assert pose is not None
    image, mask = composite.image.copy(), composite.mask.copy()
    for limb in ("left forearm", "right forearm"):
        thick = cv2.dilate(
            limb_area(pose.landmarks_px, limb, mask.shape[:2]).astype(np.uint8),
            np.ones((15, 15), np.uint8),
        )
        image[thick > 0], mask[thick > 0] = frame.image[thick > 0], 0
    return replace(composite, image=image, mask=mask)


def behind_forearms() -> Change:
    return when_dressed(bare_forearms)


def never(reason: str) -> Change:
    """Frames that should be left alone for a reason are dressed in something instead."""

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        if composite.reason is None or composite.reason.value != reason:
            return composite
        mask = np.zeros_like(composite.mask)
        mask[-40:, :40] = 255
        image = frame.image.copy()
        image[mask > 0] = 60
        return replace(composite, image=image, mask=mask, reason=None, opacity=1.0, look="photo")

    return change


def slower(stage: str, factor: float = 1.3) -> Change:
    """A stage that takes longer, by its own clock."""

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        if stage not in composite.stage_cpu_ms:
            return composite
        cpu = dict(composite.stage_cpu_ms)
        cpu[stage] *= factor
        return replace(composite, stage_cpu_ms=cpu)

    return change


def noisy(grey: int = 1, vertex_px: float = 0.3, seed: int = 1) -> Change:
    """Another machine's rounding: every dressed pixel and every vertex a little off."""
    random = np.random.default_rng(seed)

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        noise = random.integers(-grey, grey + 1, composite.image.shape)
        image = np.clip(composite.image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
        vertices = composite.vertices_px
        if vertices is not None:
            off = random.uniform(-vertex_px, vertex_px, vertices.shape)
            vertices = (vertices + off).astype(np.float32)
        return replace(
            composite,
            image=np.where(composite.mask[..., None] > 0, image, frame.image),
            vertices_px=vertices,
        )

    return when_dressed(change)


def jittering(torso: float = 0.012, seed: int = 1) -> Change:
    """The whole garment trembles."""
    random = np.random.default_rng(seed)

    def change(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
        assert pose is not None
        return moved(frame, composite, random.normal(0, torso, 2) * torso_length_px(pose))

    return when_dressed(change)


def leaking(frame: Frame, pose: Pose | None, composite: Composite) -> Composite:
    """Pixels change that the mask does not admit to."""
    image = composite.image.copy()
    image[:4, :4] ^= 1
    return replace(composite, image=image)
