"""A mirror without models: a drawn person in a drawn garment, cheap and known to the pixel.

The clip's picture is a plain wall; where the person stands follows from the frame's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pipeline.clips import VideoWriter
from pipeline.labels import Landmark
from pipeline.structures import Composite, Frame, Garment, Pose, Reason
from tests.unit.standing_pose import standing_pose

SIZE_WH = (320, 240)
FPS = 25
FRAMES = 40
FIRST_DRESSED, LAST_DRESSED = 6, 33
TORSO_PX = 90.0
CLOTH, SLEEVE, SKIN, WALL = (40, 80, 150), (150, 60, 50), (205, 160, 135), (180, 185, 178)
STAGE_MS = {"pose": 20.0, "compose": 10.0}


def write_clip(path: Path, frames: int = FRAMES) -> Path:
    writer = VideoWriter(path, SIZE_WH, Fraction(FPS), Fraction(1, 1000 * FPS))
    for index, frame in enumerate(clip(frames)):
        writer.write(frame.image, 1000 * index)
    writer.close()
    return path


def write_suite(folder: Path, clips: Sequence[str] = ("a.mp4",), more: str = "") -> Path:
    """A suite over clips of ``folder``, in which speed does not matter."""
    path = folder / "suite.toml"
    tables = "".join(f'[[clip]]\nsource = "{name}"\n' for name in clips)
    path.write_text(
        f'garments = ["white-tee"]\n{more}\n[tolerances]\nspeed = 1000\n'
        f"speed_other_machine = 1000\n{tables}"
    )
    return path


def clip(frames: int = FRAMES) -> Iterator[Frame]:
    """The camera: a person on a wall, swaying."""
    for index in range(frames):
        time_s = index / FPS
        image = np.full((SIZE_WH[1], SIZE_WH[0], 3), WALL, np.uint8)
        pose = pose_at(time_s)
        face = pose.landmarks_px[Landmark.NOSE]
        cv2.circle(image, tuple(int(v) for v in face), 26, SKIN, -1)
        for limb in limbs(pose):
            cv2.line(image, *limb, SKIN, 16)
        yield Frame(image, time_s)


def pose_at(time_s: float) -> Pose:
    sway = 18 * np.sin(2 * np.pi * time_s / 1.3)
    return standing_pose(
        (160 + float(sway), 90 + float(sway) / 3), torso_px=TORSO_PX, size_wh=SIZE_WH
    )


def limbs(pose: Pose) -> list[tuple[Sequence[int], Sequence[int]]]:
    """Both forearms as lines."""
    points = pose.landmarks_px.astype(int).tolist()
    return [
        (points[Landmark.LEFT_ELBOW], points[Landmark.LEFT_WRIST]),
        (points[Landmark.RIGHT_ELBOW], points[Landmark.RIGHT_WRIST]),
    ]


class DrawnMirror:
    """Dresses the person of ``clip``: settling first, and nobody in the last frames."""

    def __init__(self, garment: Garment | None = None) -> None:
        self.pose: Pose | None = None
        self._count = 0
        self.closed = False

    def process(self, frame: Frame) -> Composite:
        index, self._count = self._count, self._count + 1
        height, width = frame.image.shape[:2]
        blank = np.zeros((height, width), np.uint8)
        self.pose = pose_at(frame.time_s) if index <= LAST_DRESSED else None
        if self.pose is None:
            return Composite(frame.image, blank, Reason.NO_PERSON)
        if index < FIRST_DRESSED:
            return Composite(frame.image, blank, Reason.SETTLING)
        return self._dress(frame, self.pose, blank)

    def _dress(self, frame: Frame, pose: Pose, mask: np.ndarray) -> Composite:
        image = frame.image.copy()
        marks = pose.landmarks_px
        corners = marks[
            [
                Landmark.LEFT_SHOULDER,
                Landmark.RIGHT_SHOULDER,
                Landmark.RIGHT_HIP,
                Landmark.LEFT_HIP,
            ]
        ]
        outline = np.rint(corners).astype(np.int32)
        cv2.fillConvexPoly(image, outline, CLOTH)
        cv2.fillConvexPoly(mask, outline, 255)
        for start, end in limbs(pose):
            cv2.line(image, start, end, SLEEVE, 18)
            cv2.line(mask, start, end, 255, 18)
        along, down = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 5))
        top = corners[1] + along[..., None] * (corners[0] - corners[1])
        vertices = top + down[..., None] * (corners[2] - corners[1])
        return Composite(
            image,
            mask,
            look="photo",
            opacity=1.0,
            stage_ms=STAGE_MS,
            stage_cpu_ms=STAGE_MS,
            vertices_px=vertices.reshape(-1, 2).astype(np.float32),
        )

    def close(self) -> None:
        self.closed = True
