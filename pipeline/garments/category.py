"""Upper garment, dress or lower garment, from the silhouette alone."""

from __future__ import annotations

import numpy as np

from pipeline.garments.landmarks import MIRRORED_DEPTH
from pipeline.garments.regions import closed, runs
from pipeline.garments.shape import Shape, find_armpits
from pipeline.structures import Category

CROTCH_DEPTH = 0.05  # of the height
CROTCH_CENTRAL = 0.22  # of the torso width, from the axis
CROTCH_MOUTH = 0.7  # of the height: both legs end below this
WAISTBAND_ROW, BODY_ROW = 0.05, 0.25  # of the height
WAISTBAND_SHARE = 0.70  # of the body's width: straps and shoulders are narrower
BUTTON_GAP = 9  # px diameter: gleaming buttons leave holes
WAIST_DIP = 0.05  # of the height: a waistband is straight
DRESS_FLARE, DRESS_LENGTH = 1.4, 1.75  # hem ÷ chest, height ÷ chest
STRAIGHT = 0.85  # hem ÷ chest: what narrows more is a bodysuit
CHEST_ROW = 0.3  # of the height, without sleeves
LONG_DRESS = 3.2  # height ÷ chest of a straight dress


def has_legs(shape: Shape) -> bool:
    """A notch between two legs."""
    for notch in shape.notches:
        central = abs(float(notch.tip[0]) - shape.axis_x) < CROTCH_CENTRAL * shape.torso_width
        left, right = sorted((float(notch.upper[0]), float(notch.lower[0])))
        at_bottom = notch.upper[1] > shape.row(CROTCH_MOUTH)
        deep = notch.depth > CROTCH_DEPTH * shape.height
        if central and left < shape.axis_x < right and at_bottom and deep:
            return True
    return False


def has_waistband(shape: Shape) -> bool:
    """A straight top edge about as wide as the body below it: a skirt, or closed trousers."""
    whole = closed(shape.mask, BUTTON_GAP)
    band, body = runs(whole[shape.row(WAISTBAND_ROW)]), runs(whole[shape.row(BODY_ROW)])
    if len(band) != 1 or not len(body):
        return False
    first, last = band[0]
    body_width = float(body[-1, 1] - body[0, 0])
    columns = np.arange(first + (last - first) // 8, last - (last - first) // 8)
    tops = np.argmax(shape.mask[:, columns], axis=0) if len(columns) else np.zeros(1)
    straight = float(np.ptp(tops)) < WAIST_DIP * shape.height
    return last - first >= WAISTBAND_SHARE * body_width and straight


def classify(shape: Shape) -> Category:
    """Judge an upright garment."""
    armpits = find_armpits(shape)
    if len(armpits) < 2 and (has_legs(shape) or has_waistband(shape)):
        return Category.LOWER
    vouched = len(armpits) == 2 or any(
        point[2] > MIRRORED_DEPTH * shape.height for point in armpits.values()
    )
    rows = [float(point[1]) for point in armpits.values()] if vouched else []
    chest_row = round(np.mean(rows)) if rows else shape.row(CHEST_ROW)
    chest = _width(shape, chest_row + round(0.02 * shape.height))
    hem = _width(shape, shape.hem_y - round(0.04 * shape.height))
    length, flare = (shape.hem_y - shape.top) / chest, hem / chest
    if (flare > DRESS_FLARE and length > DRESS_LENGTH) or (
        flare > STRAIGHT and length > LONG_DRESS
    ):
        return Category.DRESS
    return Category.UPPER


def _width(shape: Shape, row: int) -> float:
    """Width of the torso at a row; the usual torso width where there is none."""
    first, last = shape.edges[min(row, len(shape.edges) - 1)]
    return float(last - first) if np.isfinite(last - first) and last > first else shape.torso_width
