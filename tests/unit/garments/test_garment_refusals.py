from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
import skimage.data
from garment_drawings import draw, ground

from pipeline.errors import GarmentRefused
from pipeline.garments import checks, ingest_garment
from pipeline.garments.background import fit_background
from pipeline.garments.cutout import Cutout, CutoutMode
from pipeline.garments.person import shows_person
from pipeline.images import to_lab
from pipeline.structures import Image


def refuse(image: Image, why: str) -> None:
    with pytest.raises(GarmentRefused, match=why) as refusal:
        ingest_garment(image, id="g", name="G")
    message = str(refusal.value)
    assert message.endswith(".") and ("Use a photo" in message or "Choose" in message)


def test_a_tiny_picture() -> None:
    refuse(draw("tee").image[::6, ::6].copy(), "too small")


def test_an_empty_picture() -> None:
    refuse(ground("plain"), "No garment stands out")


def test_a_black_picture() -> None:
    refuse(np.zeros((400, 300, 3), np.uint8), "No garment stands out")


def test_noise() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    refuse(image, ".")


def test_two_garments() -> None:
    one = cv2.resize(draw("tee").image, (240, 280))
    refuse(np.hstack([one, one]).astype(np.uint8), "several things")


def test_a_ball() -> None:
    image = ground("white")
    cv2.circle(image, (240, 280), 150, (200, 60, 20), -1)
    refuse(image, "does not look like a top")


def test_a_lopsided_thing() -> None:
    image = ground("white")
    outline = np.array([(80, 80), (180, 80), (180, 380), (400, 380), (400, 500), (80, 500)])
    cv2.fillPoly(image, [outline.astype(np.int32)], (40, 90, 60))
    refuse(image, "outline of a garment")


def test_shoulders_outside_the_picture() -> None:
    cut = draw("tee").image[150:]
    refuse(cut.copy(), "cut off")
    refuse(np.pad(cut, ((0, 0), (250, 250), (0, 0)), "edge"), "cut off")


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_other_pictures(name: str) -> None:
    image = getattr(skimage.data, name)()
    image = image if image.ndim == 3 else np.dstack([image] * 3)
    scale = 300 / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    refuse(np.asarray(small, np.uint8), ".")


def test_a_person_is_told_so(astronaut_image: Image) -> None:
    refuse(astronaut_image, "a person wearing")


def test_a_person_among_many_colours_is_told_so_and_not_of_the_colours(
    astronaut_image: Image,
) -> None:
    street = np.random.default_rng(3).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    image = cv2.resize(street, (720, 720), interpolation=cv2.INTER_NEAREST)
    face = astronaut_image[20:260, 130:330]
    image[200:440, 260:460] = face
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "shows_person", lambda *_: False)  # it may pass for a print
        refuse(image, "a person wearing")


def test_something_else_among_many_colours_is_told_what_is_wrong() -> None:
    street = np.random.default_rng(3).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    image = cv2.resize(street, (300, 300), interpolation=cv2.INTER_NEAREST)
    mask = np.zeros((300, 300), bool)
    mask[60:240, 60:240] = True
    message = checks._complaint(Cutout(mask, fit_background(to_lab(image)), CutoutMode.COLOUR, 2.0))
    assert message is not None and "No single garment" in message


def test_a_small_garment_is_taken_with_a_notice() -> None:
    small = cv2.resize(draw("tee").image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    notice = ingest_garment(np.asarray(small, np.uint8), id="g", name="G").notice
    assert re.search(r"only 14\d×15\d pixels.*at least 600×800", notice)
    assert not ingest_garment(draw("tee").image, id="g", name="G").notice


def test_a_face_printed_on_the_garment_is_no_person(astronaut_image: Image) -> None:
    everywhere = np.ones(astronaut_image.shape[:2], bool)
    assert not shows_person(astronaut_image, everywhere)
    assert shows_person(astronaut_image, ~everywhere)
