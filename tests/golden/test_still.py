"""A photo dressed by the whole pipeline looks as it did when somebody last looked at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import load_garment
from pipeline.images import read_image
from pipeline.labels import OwnPart
from pipeline.pose import PoseEstimator
from pipeline.still import dress_photo
from pipeline.structures import Frame, Image, Reason
from weights.training.truth import read_truths


@pytest.mark.parametrize("garment", ["breton-top", "white-tee", "ribbed-tank"])
def test_astronaut_looks_as_before(
    astronaut_image: Image, garment: str, check_golden: Callable[[Image, str], None]
) -> None:
    composite = dress_photo(astronaut_image, load_garment(garment))
    assert composite.reason is None
    check_golden(composite.image, f"astronaut_{garment}")


def test_only_the_mask_changes_and_the_face_stays(astronaut_image: Image) -> None:
    composite = dress_photo(astronaut_image, load_garment("white-tee"))
    same = (composite.image == astronaut_image).all(axis=-1)
    assert same[composite.mask == 0].all()
    assert (composite.mask > 0).mean() > 0.1
    with PoseEstimator() as estimator:
        pose = estimator.estimate(Frame(astronaut_image))
    assert pose is not None
    for x, y in pose.landmarks_px[:11].astype(int):  # nose, eyes, ears, mouth
        assert same[y, x], f"the face changed at {x}, {y}"


def test_two_runs_give_the_same_pixels(astronaut_image: Image) -> None:
    garment = load_garment("sunrise-tee")
    first, second = (dress_photo(astronaut_image, garment) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.mask, second.mask)


def test_a_picture_without_a_person_stays_untouched() -> None:
    y, x = np.mgrid[:240, :320]
    room = np.stack([90 + x // 4, 100 + y // 4, np.full_like(x, 120)], axis=-1).astype(np.uint8)
    composite = dress_photo(room, load_garment("white-tee"))
    assert composite.reason is Reason.NO_PERSON
    assert np.array_equal(composite.image, room)
    assert not composite.mask.any()


@pytest.mark.media
@pytest.mark.parametrize("name", ["oot_model_1", "synth_woman_0140", "real_man_hands_on_hips"])
def test_real_people_are_dressed(media: Path, name: str) -> None:
    person = read_image(media / "people" / f"{name}.jpg")
    composite = dress_photo(person, load_garment("white-tee"))
    assert composite.reason is None
    assert composite.image.shape == person.shape
    assert (composite.image == person).all(axis=-1)[composite.mask == 0].all()


@pytest.mark.media
def test_no_spot_of_a_painted_arm_lies_on_the_torso_beside_it(media: Path) -> None:
    person = read_image(media / "people" / "synth_man_0177.jpg")
    torso = dress_photo(person, load_garment("red-polo")).image[740:860, 300:690].astype(int)
    assert (torso[..., 0] > 2 * torso[..., 1]).all()


@pytest.mark.media
def test_a_forearm_before_the_belly_keeps_its_edge(media: Path) -> None:
    (truth,) = (t for t in read_truths() if t.name == "seed_00891_00")
    person, label = truth.image(media), truth.label()
    image = dress_photo(person, load_garment("red-polo")).image.astype(int)
    forearm = np.isin(label, (OwnPart.ARMS, OwnPart.HANDS))
    forearm[: int(0.42 * len(label))] = False
    changed = np.abs(image - person).max(axis=-1) > 40
    assert changed[forearm].mean() < 0.12
