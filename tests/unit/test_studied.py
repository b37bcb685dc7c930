"""What a photo's person is known by, as the live pipeline is shown the same picture again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from standing_pose import standing_pose

from pipeline import load_garment
from pipeline.labels import OwnPart
from pipeline.live import LiveTryOn
from pipeline.own_crop import INPUT_HW, OwnCrop
from pipeline.own_parse import OwnParse
from pipeline.still import dress_photo
from pipeline.structures import Composite, Frame, Garment, Image, Pose
from pipeline.studied import StudiedPhoto
from weights.training.truth import read_truths

STEPS_PER_PX = 0.5  # by which the logits of the drawn border change
WIDE = OwnCrop.fit(0, 0, 640, 480)
IMPOSSIBLE = -50.0
CHANGED = 40  # levels


class Parser:
    """Sees a shirt to the right of a soft border, which lies farther right with every picture."""

    def __init__(self) -> None:
        self.border = 300.0

    def study(self, image: Image, pose: Pose) -> OwnParse:
        self.border += 20
        x = WIDE.to_frame[0, 0] * np.arange(INPUT_HW[1]) + WIDE.to_frame[0, 2]
        logits = np.full((len(OwnPart), *INPUT_HW), IMPOSSIBLE, np.float32)
        logits[OwnPart.UPPER] = (x - self.border) * STEPS_PER_PX
        logits[OwnPart.BACKGROUND] = 0
        return OwnParse(WIDE, logits)


@pytest.fixture
def pose() -> Pose:
    """Somebody of whom MediaPipe sees nothing but a square in the corner."""
    alpha = np.zeros((480, 640), np.uint8)
    alpha[:50, :50] = 255
    return replace(standing_pose(size_wh=(640, 480)), person_alpha=alpha)


def test_the_outline_is_what_the_study_says(pose: Pose) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    photo = StudiedPhoto(Parser())  # type: ignore[arg-type]
    alpha = photo.outlined(image, pose).person_alpha
    border = [int(row.searchsorted(128)) for row in alpha[100:400:50]]
    assert all(abs(x - 320) <= 2 for x in border)
    assert (alpha[:, 340:600] > 250).all()
    assert (alpha[:, :300] < 5).all()


def test_a_picture_is_studied_once_and_another_one_anew(pose: Pose) -> None:
    first, second = (np.zeros((480, 640, 3), np.uint8) for _ in range(2))
    photo = StudiedPhoto(Parser())  # type: ignore[arg-type]
    known = photo.run(first, pose)
    assert photo.run(first, pose, mirrored=True) is known
    assert photo.run(second, pose) is not known
    assert (photo.outlined(second, pose).person_alpha[:, 310:330] < 5).all()


def shown_as_a_camera(person: Image, garment: Garment) -> Composite:
    """The same person before a live mirror, until the look has faded in."""
    with LiveTryOn(garment) as mirror:
        for step in range(12):
            composite = mirror.process(Frame(person, step / 8))
    return composite


@pytest.mark.media
def test_a_photo_changes_less_of_the_wall_than_the_mirror_does(media: Path) -> None:
    (truth,) = (t for t in read_truths() if t.name == "synth_man_0177")
    person, label = truth.image(media), truth.label()
    garment = load_garment("red-polo")
    shares = []
    for dress in (shown_as_a_camera, dress_photo):
        image = dress(person, garment).image
        changed = np.abs(image.astype(int) - person).max(axis=-1) > CHANGED
        shares.append((changed & (label == OwnPart.BACKGROUND)).sum() / changed.sum())
    live, photo = shares
    assert photo < 0.7 * live
