"""Turn hand-drawn polygons into labels for the evaluation set.

``view`` writes a picture with a grid to read coordinates from; ``paint`` turns a text file of
polygons into ``labels/NAME.png`` and an overlay to check by eye. A line of the file is a class and
its corners in pixels of the label, ``UPPER 120,80 160,82 ...``; later lines lie over earlier ones;
``IGNORE`` is what nobody can tell. Borders are then moved by a few pixels to where the picture
changes (a watershed between the polygons' insides); a line ``snap 0`` turns that off, another
number sets the reach, and a second number the reach of the person's outline. A line
``origin 320,60`` says where in the counted picture the label begins. The grid counts from a pixel's
edge and polygons from its middle: ``origin 0.5,0.5`` sets straight what was read off the grid.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.labels import OwnPart
from pipeline.parsing import encode_parse_png
from weights.training.sheet import overlaid, painted

Bytes = NDArray[np.uint8]
GRID_PX = 50
IGNORED = 255
SNAP_PX = 3.0  # how far a border may move
CRUMB_PX = 60
CORE_SHARE = 0.5  # of a thin part's half width; no part vanishes when it is eroded


def read_picture(path: Path) -> Bytes:
    """(H, W, 3) uint8 RGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def draw_view(image: Bytes, box: tuple[int, int, int, int], scale: float) -> Bytes:
    """Part of a picture enlarged, with a grid in the picture's own pixels."""
    x0, y0, x1, y1 = box
    part = cv2.resize(image[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    faint = part.copy()
    for x in range(-(-x0 // GRID_PX) * GRID_PX, x1, GRID_PX):
        at = int((x - x0) * scale)
        cv2.line(faint, (at, 0), (at, part.shape[0]), (255, 255, 0), 1)
        cv2.putText(faint, str(x), (at + 2, 10), 0, 0.4, (255, 0, 0), 1)
    for y in range(-(-y0 // GRID_PX) * GRID_PX, y1, GRID_PX):
        at = int((y - y0) * scale)
        cv2.line(faint, (0, at), (part.shape[1], at), (255, 255, 0), 1)
        cv2.putText(faint, str(y), (2, at - 2), 0, 0.4, (255, 0, 0), 1)
    return cv2.addWeighted(part, 0.6, faint, 0.4, 0)


def paint(image: Bytes, text: str) -> Bytes:
    """Labels (H, W) from polygons."""
    label = np.zeros(image.shape[:2], np.uint8)
    reaches, origin = [SNAP_PX], np.zeros(2)
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "snap":
            reaches = [float(word) for word in words[1:]]
            continue
        corners = np.array([[float(v) for v in w.split(",")] for w in words[1:]]) - origin
        if words[0] == "origin":
            origin = corners[0]
            continue
        fixed = np.round(corners * 16).astype(np.int32)
        part = IGNORED if words[0] == "IGNORE" else int(OwnPart[words[0]])
        cv2.fillPoly(label, [fixed], part, shift=4)
    if len(reaches) > 1:
        label = outlined(image, label, reaches[1])
    label = snapped(image, label, reaches[0]) if reaches[0] > 0 else label
    return filled(label)


def filled(label: Bytes) -> Bytes:
    """Crumbs of background between parts, where polygons miss each other, take a neighbour's."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((label == 0).astype(np.uint8))
    crumbs = (stats[:, cv2.CC_STAT_AREA] <= CRUMB_PX)[pieces] & (label == 0)
    return np.where(crumbs, _nearest_parts(label), label)


def outlined(image: Bytes, label: Bytes, reach_px: float) -> Bytes:
    """Move the person's outline alone; new pixels take the nearest part."""
    person = snapped(image, (label > 0).astype(np.uint8), reach_px) > 0
    return np.where(person, _nearest_parts(label), 0).astype(np.uint8)


def _nearest_parts(label: Bytes) -> Bytes:
    """The class of the nearest pixel that is not background."""
    _, nearest = cv2.distanceTransformWithLabels(
        (label == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    parts = np.zeros(int(nearest.max()) + 1, np.uint8)
    parts[nearest[label > 0]] = label[label > 0]
    return parts[nearest]


def snapped(image: Bytes, label: Bytes, reach_px: float) -> Bytes:
    """Move borders, by at most ``reach_px``, to where the picture changes."""
    markers = np.zeros(label.shape, np.int32)
    for part in np.unique(label):
        count, pieces = cv2.connectedComponents((label == part).astype(np.uint8))
        for piece in range(1, count):
            inside = np.pad((pieces == piece).astype(np.uint8), 1, mode="edge")
            depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
            core = depth > min(reach_px, CORE_SHARE * float(depth.max()))
            markers[core] = int(part) + 1
    smooth = cv2.bilateralFilter(np.ascontiguousarray(image[..., ::-1]), 5, 30, 3)
    found = cv2.watershed(smooth, markers.copy())
    moved = np.where(found > 0, found - 1, label).astype(np.uint8)
    return cv2.medianBlur(moved, 3)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("view", "paint"))
    parser.add_argument("picture", type=Path)
    parser.add_argument("--polygons", type=Path, help="text file for paint")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--label", type=Path, help="where paint writes the label")
    parser.add_argument("--box", type=int, nargs=4, help="part to view")
    parser.add_argument("--scale", type=float, default=2.0)
    arguments = parser.parse_args()
    image = read_picture(arguments.picture)
    box = tuple(arguments.box or (0, 0, image.shape[1], image.shape[0]))
    if arguments.what == "view":
        Image.fromarray(draw_view(image, box, arguments.scale)).save(arguments.out)
        return
    label = paint(image, arguments.polygons.read_text())
    arguments.label.write_bytes(encode_parse_png(label))
    _, y0, _, y1 = box
    shown = np.hstack([overlaid(image, label, 0.45), painted(label)])[y0:y1]
    Image.fromarray(shown).save(arguments.out)


if __name__ == "__main__":
    main()
