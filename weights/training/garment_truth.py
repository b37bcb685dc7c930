"""The hand-checked garment photos: what a cut-out is judged by, never trained on.

``evaluation/garments/photos.json`` names the files under ``WEARCAST_MEDIA``; ``polygons`` holds
what was drawn and ``labels`` what ``annotate paint`` made of it, at the size at which the product
looks for garments. Every kind of garment is painted ``UPPER``. The back of a collar or of a hem
that shows, lace, straps, drawstrings and labels sewn in are garment; hangers, shadows and what
shows through openings are not; 255 is what nobody can tell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pil

from pipeline.garments.ingest import WORK_PX, scaled_to
from pipeline.images import read_image
from weights.training.truth import FOLDER, Bytes

GARMENTS = FOLDER / "garments"
BACKGROUNDS = ("plain", "floor", "hanger", "worn")


@dataclass(frozen=True, slots=True)
class GarmentTruth:
    """One labelled photo.

    Attributes:
        name: of its label; file: where the photo is under the media folder.
        background: plain (a studio's), floor (or any cloth, rug or board it lies on), hanger, worn.
    """

    name: str
    file: str
    background: str

    def label(self) -> Bytes:
        """(H, W) uint8: ``OwnPart.UPPER``, background or 255."""
        return np.asarray(Pil.open(GARMENTS / "labels" / f"{self.name}.png"), np.uint8)

    def image(self, media: Path) -> Bytes:
        """(H, W, 3) uint8 RGB, as large as the label."""
        return scaled_to(read_image(media / self.file), WORK_PX)


def read_garment_truths() -> list[GarmentTruth]:
    """All labelled photos, by name."""
    rows = json.loads((GARMENTS / "photos.json").read_text())
    return [GarmentTruth(**row) for row in rows]
