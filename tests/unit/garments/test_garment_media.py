"""Real photos: every garment taken for what it is, or refused for a reason that helps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import GarmentRefused
from pipeline.garments import ingest_garment
from pipeline.images import read_image
from pipeline.structures import Category, Side, Sleeves

LOWER = {"cc0_pants_07", "cc0_shorts_03", "seed_blue_skirt", "seed_green_shorts", "seed_jeans"}
DRESSES = {"cc0_dress_01", "seed_dress"}
SLEEVES = {
    "cc0_longsleeve_03": Sleeves.LONG,
    "cc0_longsleeve_09": Sleeves.LONG,
    "cc0_longsleeve_13": Sleeves.LONG,
    "cc0_longsleeve_68": Sleeves.LONG,
    "cc0_outwear_33": Sleeves.LONG,
    "cc0_outwear_34": Sleeves.SLEEVELESS,
    "cc0_tshirt_07": Sleeves.SHORT,
    "cc0_tshirt_09": Sleeves.SHORT,
    "cc0_tshirt_29": Sleeves.SHORT,
    "cc0_tshirt_cream_rug": Sleeves.SHORT,
    "nc_floral_longsleeve": Sleeves.LONG,
    "nc_halter_pattern": Sleeves.SLEEVELESS,
    "nc_polo_blue": Sleeves.SHORT,
    "nc_white_tee_on_white": Sleeves.SHORT,
    "nc_striped_longsleeve": Sleeves.LONG,
    "seed_07429_00": Sleeves.SHORT,
    "seed_orange_top": Sleeves.SHORT,
    "seed_pink_top": Sleeves.SLEEVELESS,
}

REFUSED = {  # garments in a state that would look wrong on a person, and what is said about it
    "cc0_hoodie_pink_boston": "sleeves lie folded",
    "cc0_longsleeve_43": "outline of a garment",  # hangs askew
    "cc0_shirt_00": "hanger shows",
    "cc0_shirt_11": "hanger shows",
    "cc0_shirt_20": "sleeves lie folded",
}

pytestmark = pytest.mark.media


def test_every_photo_is_judged_rightly(media: Path) -> None:
    entries = json.loads((media / "MANIFEST.json").read_text(encoding="utf-8"))["entries"]
    wrong = []
    for entry in entries:
        if entry["kind"] != "garment":
            continue
        name = Path(entry["file"]).stem
        try:
            garment = ingest_garment(read_image(media / entry["file"]), id="g", name=name)
        except GarmentRefused as refusal:
            fine = entry["expect"] == "reject" or REFUSED.get(name, "-") in str(refusal)
            wrong += [] if fine else [f"{name}: refused, {refusal}"]
            continue
        if entry["expect"] == "reject" or name in REFUSED:
            wrong.append(f"{name}: accepted")
        if (garment.category is Category.LOWER) != (name in LOWER):
            wrong.append(f"{name}: {garment.category}")
        if name in DRESSES and garment.category is not Category.DRESS:
            wrong.append(f"{name}: {garment.category}")
        if garment.sleeves is not SLEEVES.get(name, garment.sleeves):
            wrong.append(f"{name}: {garment.sleeves}")
        if garment.category is not Category.LOWER:
            marks = garment.landmarks
            for mark in ("neck", "shoulder", "armpit", "hem"):
                right, left = marks[f"{mark}_{Side.RIGHT}"], marks[f"{mark}_{Side.LEFT}"]
                if not right[0] < left[0] or not np.isfinite([right, left]).all():
                    wrong.append(f"{name}: {mark}")
    assert not wrong


def test_people_are_refused(media: Path) -> None:
    accepted = []
    for path in sorted((media / "people").glob("*.jpg")):
        try:
            ingest_garment(read_image(path), id="g", name=path.stem)
        except GarmentRefused:
            continue
        accepted.append(path.stem)
    assert not accepted
