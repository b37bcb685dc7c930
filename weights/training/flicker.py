"""How much labels flicker: the parser's alone, and those that the mirror carries along.

The parser alone looks at every frame. The mirror looks now and then and keeps a running mean that
it moves with the body, as ``pipeline.live`` does; its labels here are the largest of that mean's
shares on the compositor's grid, before colours are weighed in and what is decided is calmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.body import BodyTracker
from pipeline.compose.parts import CarriedParts
from pipeline.compose.view import CELLS, View, Viewer
from pipeline.garments import load_garment
from pipeline.looks.draw import draw_look
from pipeline.looks.photo import PhotoLook
from pipeline.own_parser import OwnParser
from pipeline.part_watch import PartWatch
from pipeline.pose import PoseTracker
from pipeline.structures import Frame
from weights.training.truth import frames_of

Bytes = NDArray[np.uint8]
Labelled = tuple[Frame, Bytes]  # labels (H, W) of a frame; 0 beside the person
Labeller = Callable[[OwnParser, Iterable[Frame]], Iterator[Labelled]]

FPS = 30.0
SECONDS = 2.5  # of every clip: several looks of the mirror, and no cut in any of the moving clips
SETTLED_S = 1.0  # before, the mirror gets to know the person and shows nothing
NOISE = 4.0  # standard deviation, grey levels
MOVING = (
    "videos/webcam_man_longsleeve_gestures.mp4",
    "videos/webcam_woman_hoodie_arms_cross.mp4",
)
GARMENT = "white-tee"  # the neighbourhood of the person reaches around what is drawn


def alone(parser: OwnParser, frames: Iterable[Frame]) -> Iterator[Labelled]:
    """What the parser says of every frame with a person; labels are ``OwnPart``."""
    with PoseTracker() as tracker:
        for frame in frames:
            pose = tracker.track(frame)
            if pose is not None:
                yield frame, parser.run(frame.image, pose).labels(frame.size_wh)


def in_mirror(parser: OwnParser, frames: Iterable[Frame]) -> Iterator[Labelled]:
    """What the mirror carries: 1 anything else of the person, 2 skin, 3 worn, 4 hair."""
    look, bodies = PhotoLook(load_garment(GARMENT)), BodyTracker()
    viewer, carried = Viewer(), CarriedParts()
    with PoseTracker() as tracker, PartWatch(parser) as watch:
        for frame in frames:
            pose = tracker.track(frame)
            if pose is None:
                continue
            watch.offer(frame, pose, 0)
            body = bodies.update(pose, frame.time_s)
            seen = watch.take(0, frame.time_s)
            if seen is not None:
                carried.add(seen)
            drawn = draw_look(look, body, frame.size_wh)
            view = viewer.look_at(frame.image, body, drawn, CELLS)
            yield frame, _of_frame(view, carried.on(view, pose), frame.size_wh)


def _of_frame(view: View, planes: Bytes, size_wh: tuple[int, int]) -> Bytes:
    """Largest share in every pixel of the frame."""
    rest = 255 - np.minimum(planes.astype(np.int32).sum(axis=0), 255)
    largest = np.concatenate([rest[None], planes]).argmax(axis=0) + 1
    cells = np.where(view.person > 127, largest, 0).astype(np.uint8)
    large = cells.repeat(view.step, axis=0).repeat(view.step, axis=1)
    out = np.zeros(size_wh[::-1], np.uint8)
    box = view.box
    out[box.y0 : box.y1, box.x0 : box.x1] = large[: box.height, : box.width]
    return out


def changes(last: Bytes, now: Bytes) -> tuple[float, float]:
    """Share of a person's pixels that change: inside both outlines, and inside either."""
    differ = last != now
    both, either = (last > 0) & (now > 0), (last > 0) | (now > 0)
    return _share(differ, both), _share(differ, either)


def _share(of: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(of[where].mean()) if where.any() else 0.0


def moved_along(labels: Bytes, then: Frame, now: Frame) -> Bytes:
    """Labels of an earlier frame where the picture has gone since, by optical flow."""
    before, after = (cv2.cvtColor(f.image, cv2.COLOR_RGB2GRAY) for f in (then, now))
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(after, before, None)
    rows, columns = np.indices(labels.shape, np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    return np.asarray(cv2.remap(labels, x, y, cv2.INTER_NEAREST), np.uint8)


def flicker(labelled: Iterable[Labelled], *, moving: bool) -> tuple[float, float] | None:
    """Mean of ``changes`` from frame to frame once settled; None where nobody is found.

    Args:
        labelled: frames in order and their labels.
        moving: first move labels along with the picture.
    """
    found: list[tuple[float, float]] = []
    last: Labelled | None = None
    for frame, now in labelled:
        if last is not None and frame.time_s >= SETTLED_S:
            before = moved_along(last[1], last[0], frame) if moving else last[1]
            found.append(changes(before, now))
        last = frame, now
    if not found:
        return None
    inside, outline_too = np.mean(found, axis=0)
    return float(inside), float(outline_too)


def noisy(image: Bytes) -> Iterator[Frame]:
    """A still person under camera noise."""
    rng = np.random.default_rng(0)
    for number in range(round(SECONDS * FPS)):
        grain = rng.normal(0, NOISE, image.shape)
        yield Frame(np.clip(image + grain, 0, 255).astype(np.uint8), number / FPS)


def flickers(parser: OwnParser, stills: list[Bytes], media: Path) -> dict[str, dict[str, float]]:
    """All figures, by kind of clip and labeller: of still pictures, and of ``MOVING``."""
    table: dict[str, dict[str, float]] = {}
    labellers: dict[str, Labeller] = {"alone": alone, "in the mirror": in_mirror}
    for name, label in labellers.items():
        still = [flicker(label(parser, noisy(image)), moving=False) for image in stills]
        moving = [flicker(label(parser, _clip(media / c)), moving=True) for c in MOVING]
        table[f"still, {name}"] = _summed(still)
        table[f"moving, {name}"] = _summed(moving)
    return table


def _summed(clips: list[tuple[float, float] | None]) -> dict[str, float]:
    found = np.array([clip for clip in clips if clip is not None])
    figures = {
        "clips": len(found),
        "inside the person, median": np.median(found[:, 0]),
        "inside the person, mean": found[:, 0].mean(),
        "outline too, mean": found[:, 1].mean(),
    }
    return {what: round(float(figure), 5) for what, figure in figures.items()}


def _clip(path: Path) -> Iterator[Frame]:
    for number, image in enumerate(islice(frames_of(path, 0), round(SECONDS * FPS))):
        yield Frame(image, number / FPS)
