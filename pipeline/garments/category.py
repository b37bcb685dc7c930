"""Upper garment, dress or lower garment, from the silhouette alone."""

from __future__ import annotations

import numpy as np

from pipeline.garments.landmarks import Frame
from pipeline.garments.regions import runs
from pipeline.garments.shape import Shape
from pipeline.structures import Category, Side

CROTCH_DEPTH = 0.05  # of the height
CROTCH_CENTRAL = 0.22  # of the torso width, from the axis
CROTCH_MOUTH = 0.7  # of the height: both legs end below this
WAISTBAND_ROW, BODY_ROW = 0.05, 0.25  # of the height
WAISTBAND_SHARE = 0.70  # of the body's width: straps and shoulders are narrower
WAIST_DIP = 0.05  # of the height: a waistband is straight
DRESS_FLARE, DRESS_LENGTH = 1.4, 1.75  # hem ÷ chest, height ÷ chest
LONG_DRESS = 3.2  # height ÷ chest of a straight dress


def has_legs(shape: Shape) -> bool:
    """A notch between two legs."""
    for x, _, depth, opens_down, ax, ay, bx, by in shape.notches:
        central = abs(x - shape.axis_x) < CROTCH_CENTRAL * shape.torso_width
        between = min(ax, bx) < shape.axis_x < max(ax, bx)
        at_bottom = min(ay, by) > shape.row(CROTCH_MOUTH)
        if opens_down and central and between and at_bottom and depth > CROTCH_DEPTH * shape.height:
            return True
    return False


def has_waistband(shape: Shape) -> bool:
    """A straight top edge about as wide as the body below it: a skirt, or closed trousers."""
    band, body = runs(shape.mask[shape.row(WAISTBAND_ROW)]), runs(shape.mask[shape.row(BODY_ROW)])
    if len(band) != 1 or not len(body):
        return False
    first, last = band[0]
    body_width = float(body[-1, 1] - body[0, 0])
    columns = np.arange(first + (last - first) // 8, last - (last - first) // 8)
    tops = np.argmax(shape.mask[:, columns], axis=0) if len(columns) else np.zeros(1)
    straight = float(np.ptp(tops)) < WAIST_DIP * shape.height
    return last - first >= WAISTBAND_SHARE * body_width and straight


def classify(shape: Shape, frame: Frame) -> Category:
    """Judge an upright garment."""
    sleeved = any(frame.sleeved.values())
    if (has_legs(shape) and not sleeved) or (not sleeved and has_waistband(shape)):
        return Category.LOWER
    chest = float(frame.armpits[Side.LEFT][0] - frame.armpits[Side.RIGHT][0])
    hem = float(frame.hems[Side.LEFT][0] - frame.hems[Side.RIGHT][0])
    length = shape.height / max(chest, 1.0)
    flare = hem / max(chest, 1.0)
    if (flare > DRESS_FLARE and length > DRESS_LENGTH) or length > LONG_DRESS:
        return Category.DRESS
    return Category.UPPER
