"""Honest refusals: what a photo must look like before it is taken for one garment.

The limits were set between what about forty photos of real garments show and what shoes, hats,
vehicles, animals, landscapes, scans and people show; each stands next to the nearest of both.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.errors import GarmentRefused
from pipeline.garments.background import Background
from pipeline.garments.cutout import Cutout, otsu
from pipeline.garments.landmarks import BATWING_FROM, Frame
from pipeline.garments.neckline import Neckline
from pipeline.garments.outline import border_contact
from pipeline.garments.person import hints_at_person, shows_person
from pipeline.garments.rectify import Upright
from pipeline.garments.regions import Mask, components, contour, grow
from pipeline.garments.shape import Shape, find_armpits, sleeves_are_folded
from pipeline.garments.symmetry import find_symmetry
from pipeline.structures import Category, Image

LEAST_AREA = 0.10  # of the picture; garments fill 0.27 and more
LEAST_SCORE = 1.10  # white on white reaches 1.18, scans and textures 1.03
LEAST_SYMMETRY = 0.845  # garments 0.855; 0.84 is a cardigan that hangs askew, a car 0.82
MOST_BORDER = 0.12  # of the picture's border; garments 0.05
MOST_COLOUR_NOISE = 3.0  # ΔE of a and b along the border; garments 1.7, a café table 3.9
MOST_UNEXPLAINED = 0.5  # other things ÷ garment; garments 0.15
SECOND_PIECE = 0.25  # of the largest piece
FAR = 8.0  # ΔE: certainly not background
ASPECT = 0.45, 3.4  # height ÷ width; garments 0.70 to 2.5
ROUND_SOLIDITY, ROUND_TOP = 0.965, 0.67  # share of the hull; width at the top ÷ torso
ROUND_ASPECT = 1.6  # height ÷ width; a halter top is longer
CUT_TOP = 0.35  # of the garment's width: this much of its top lies on the picture's border
TOP_ROWS = 2  # px
SHARP_PX = 280  # height of a garment in its photo; a smaller one is blurred when it is worn
BODY_ROW = 0.3  # of the height: below the waist of trousers, above the gap of a pair of shoes

WORN = "This photo shows a person wearing the garment, but it must be photographed on its own."
ADVICE = "Use a photo of one garment laid flat, seen whole, on a plain background."


def check_photo(image: Image, cutout: Cutout) -> None:
    """Refuse what cannot be one garment, before it is measured.

    Args:
        image: (h, w, 3) uint8 RGB at the size of the cut-out.
        cutout: what was found in it.

    Raises:
        GarmentRefused: with the reason and what to do.
    """
    if shows_person(image, cutout.mask):
        raise GarmentRefused(f"{WORN} {ADVICE}")
    complaint = _complaint(cutout)
    if complaint is not None:
        raise GarmentRefused(f"{WORN if hints_at_person(image) else complaint} {ADVICE}")


def _complaint(cutout: Cutout) -> str | None:
    """What is wrong with a cut-out, in a sentence."""
    mask = cutout.mask
    if mask.mean() < LEAST_AREA or cutout.score < LEAST_SCORE:
        return "No garment stands out from this picture."
    if _pieces(mask) > 1 or _unexplained(mask, cutout.background) > MOST_UNEXPLAINED:
        return "This picture shows several things."
    if float(cutout.background.sigma[1:].max()) > MOST_COLOUR_NOISE:
        return (
            "No single garment can be made out in this picture: it shows something else, or the"
            " background is too busy."
        )
    if border_contact(mask) > MOST_BORDER or _top_is_cut(mask):
        return "The garment is cut off by the edge of the picture, so parts are missing."
    if find_symmetry(mask).overlap < LEAST_SYMMETRY:
        return (
            "This does not have the outline of a garment seen straight from the front, or a shadow"
            " beside it looks like cloth."
        )
    return None


def size_notice(upright: Upright) -> str:
    """What is said about a photo that is taken, though it shows the garment small; mostly nothing.

    Args:
        upright: the garment in its texture, enlarged or not.
    """
    enlarged = float(np.hypot(*upright.to_texture[0, :2]))
    rows, columns = (np.ptp(places) + 1 for places in np.nonzero(upright.mask))
    height, width = round(rows / enlarged), round(columns / enlarged)
    if height >= SHARP_PX:
        return ""
    return (
        f"The garment is only {width}×{height} pixels large in this photo and will look blurred"
        " when it is worn. For a sharp look use a photo of at least 600×800 pixels that it fills."
    )


def check_shape(shape: Shape, category: Category) -> None:
    """Refuse an upright silhouette that is built unlike any garment. Raises ``GarmentRefused``."""
    columns = np.nonzero(shape.mask.any(axis=0))[0]
    aspect = shape.height / (columns[-1] - columns[0] + 1)
    gaping = category is Category.LOWER and not np.isfinite(shape.edges[shape.row(BODY_ROW)]).all()
    if (
        not ASPECT[0] <= aspect <= ASPECT[1]
        or gaping
        or (aspect < ROUND_ASPECT and _is_round(shape))
    ):
        raise GarmentRefused(f"This does not look like a top, a dress or trousers. {ADVICE}")


def check_sleeves(shape: Shape, frame: Frame) -> None:
    """Refuse sleeves that lie folded over the body. Raises ``GarmentRefused``."""
    if frame.batwing and sleeves_are_folded(shape, shape.row(BATWING_FROM)):
        raise GarmentRefused(
            "The sleeves lie folded over the body, so they cannot be put on arms. Lay them out to"
            " the sides and take the photo again."
        )


def check_collar(hooked: bool, frame: Frame, neckline: Neckline) -> None:
    """Refuse a collar in which a hanger would be worn along. Raises ``GarmentRefused``.

    Args:
        hooked: a hook rises above the garment.
        frame, neckline: of the garment; where a neckline was found the hanger is cut away.
    """
    collared = any(not np.array_equal(frame.necks[s], frame.collar_tops[s]) for s in frame.necks)
    if hooked and collared and not neckline.behind.any():
        raise GarmentRefused(
            "A hanger shows in the collar and would be worn with the garment. Take the garment off"
            " the hanger, lay it flat and take the photo again."
        )


def _pieces(mask: Mask) -> int:
    _, areas = components(mask)
    return int(np.count_nonzero(areas >= SECOND_PIECE * areas.max(initial=1)))


def _unexplained(mask: Mask, background: Background) -> float:
    """Area of what is neither garment nor background, as a share of the garment's."""
    far = background.patchwise > max(FAR, otsu(background.patchwise))
    return float(np.count_nonzero(far & ~grow(mask, 9)) / max(1, np.count_nonzero(mask)))


def _top_is_cut(mask: Mask) -> bool:
    """The shoulders lie outside the picture."""
    width = np.count_nonzero(mask.any(axis=0))
    return np.count_nonzero(mask[:TOP_ROWS].any(axis=0)) > CUT_TOP * max(1, width)


def _is_round(shape: Shape) -> bool:
    """A cap, a plate, a ball: nearly convex, narrow at the top, and without sleeves."""
    outline = contour(shape.mask)
    solidity = np.count_nonzero(shape.mask) / max(1.0, cv2.contourArea(cv2.convexHull(outline)))
    filled = np.flatnonzero(shape.mask[shape.row(0.05)])  # a button's hole does not end it
    top = float(np.ptp(filled) if filled.size else 0.0) / shape.torso_width
    return solidity > ROUND_SOLIDITY and top < ROUND_TOP and len(find_armpits(shape)) < 2
