"""Following a person: the same as MediaPipe's own graph, found, lost and found again."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.blazepose import follower as following
from pipeline.blazepose import network as networking
from pipeline.blazepose.follower import Follower
from pipeline.blazepose.network import SIDE, Prediction, refine
from pipeline.blazepose.region import Region, RegionTracker
from pipeline.clips import VideoReader
from pipeline.labels import MIN_VISIBILITY
from pipeline.native_log import without_native_noise
from pipeline.pose import _from_mediapipe
from pipeline.structures import Frame, Image, Pose

BLANK = np.full((480, 640, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def shared() -> Iterator[Follower]:
    follower = Follower()
    yield follower
    follower.close()


@pytest.fixture
def follower(shared: Follower) -> Follower:
    shared.reset()
    return shared


def _moving(image: Image, count: int) -> list[Image]:
    """Somebody who sways, leans and comes nearer."""
    centre = (image.shape[1] / 2, image.shape[0] / 2)
    pictures = []
    for step in range(count):
        matrix = cv2.getRotationMatrix2D(centre, 9.0 * math.sin(step / 3), 0.8 + 0.02 * step)
        matrix[:, 2] += (25 * math.sin(step / 2), 10 * math.cos(step / 2))
        moved = cv2.warpAffine(
            image, matrix, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE
        )
        pictures.append(np.asarray(moved, np.uint8))
    return pictures


def _same(first: Pose, second: Pose) -> bool:
    return (
        np.array_equal(first.landmarks_px, second.landmarks_px)
        and np.array_equal(first.z_px, second.z_px)
        and np.array_equal(first.visibility, second.visibility)
        and np.array_equal(first.person_alpha, second.person_alpha)
    )


# ---------------------------------------------------------------- MediaPipe is the measure


class Reference:
    """MediaPipe's whole graph, following by itself; ``region`` is where it looks next."""

    def __init__(self) -> None:
        from mediapipe.python.solution_base import SolutionBase

        with without_native_noise():
            self._graph: Any = SolutionBase(
                binary_graph_path="mediapipe/modules/pose_landmark/pose_landmark_cpu.binarypb",
                side_inputs={
                    "model_complexity": 1,
                    "smooth_landmarks": False,
                    "enable_segmentation": True,
                    "smooth_segmentation": False,
                    "use_prev_landmarks": True,
                },
                outputs=["pose_landmarks", "segmentation_mask", "pose_rect_from_landmarks"],
            )
        self.region: Region | None = None

    def estimate(self, image: Image) -> Pose | None:
        with without_native_noise():
            found = self._graph.process(image)
        size_wh = (image.shape[1], image.shape[0])
        rect = found.pose_rect_from_landmarks
        self.region = rect and Region(
            *np.multiply((rect.x_center, rect.y_center), size_wh),
            rect.width * size_wh[0],
            rect.rotation,
        )
        if found.pose_landmarks is None:
            return None
        return _from_mediapipe(found.pose_landmarks.landmark, found.segmentation_mask, size_wh)


@dataclass
class Parity:
    """How far ours is from MediaPipe's, over the frames in which both see somebody."""

    found: list[tuple[bool, bool]] = field(default_factory=list)
    apart_px: list[float] = field(default_factory=list)
    depth_px: list[float] = field(default_factory=list)
    visibility: list[float] = field(default_factory=list)
    overlap: list[float] = field(default_factory=list)

    def add(self, wanted: Pose | None, got: Pose | None) -> None:
        self.found.append((wanted is not None, got is not None))
        if wanted is None or got is None:
            return
        inside = (wanted.landmarks_px >= 0) & (wanted.landmarks_px < wanted.size_wh)
        seen = (wanted.visibility >= MIN_VISIBILITY) & inside.all(axis=1)
        apart = np.linalg.norm(wanted.landmarks_px - got.landmarks_px, axis=1)
        self.apart_px.extend(apart[seen])
        self.depth_px.extend(np.abs(wanted.z_px - got.z_px)[seen])
        self.visibility.extend(np.abs(wanted.visibility - got.visibility))
        one, two = wanted.person_alpha > 127, got.person_alpha > 127
        self.overlap.append(float((one & two).sum() / max((one | two).sum(), 1)))

    def mismatches(self) -> int:
        """Frames in which one of the two sees nobody; the test must have seen somebody at all."""
        assert sum(one for one, _ in self.found) > len(self.found) / 2
        return sum(one != two for one, two in self.found)


def test_sees_what_mediapipe_sees(follower: Follower, astronaut_image: Image) -> None:
    """Step by step: both look at the same region, or small differences would add up."""
    reference, parity = Reference(), Parity()
    for image in [*_moving(astronaut_image, 12), BLANK, BLANK]:
        parity.add(reference.estimate(image), follower.estimate(Frame(image)))
        if reference.region is None or follower._region is None:
            assert reference.region is follower._region
            continue
        assert _distance(reference.region, follower._region) < 0.5
        follower._region = reference.region
    assert parity.mismatches() == 0
    assert np.median(parity.apart_px) < 0.1 and np.percentile(parity.apart_px, 95) < 0.4
    assert np.median(parity.depth_px) < 0.5 and np.median(parity.visibility) < 0.001
    assert np.median(parity.overlap) > 0.997


def _distance(first: Region, second: Region) -> float:
    """Between the corners of two regions, px; the largest."""
    corners = np.array([(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)], np.float64)
    apart = corners @ (first.to_frame(1) - second.to_frame(1)).T
    return float(np.linalg.norm(apart, axis=1).max())


@pytest.mark.media
@pytest.mark.parametrize(
    "name",
    [
        "fullbody_woman_dance_approach",
        "webcam_man_longsleeve_gestures",
        "webcam_woman_hoodie_arms_cross",
    ],
)
def test_follows_like_mediapipe(follower: Follower, media: Path, name: str) -> None:
    reference, parity = Reference(), Parity()
    with VideoReader(media / f"videos/{name}.mp4") as clip:
        for picture in islice(clip, 60):
            parity.add(reference.estimate(picture.frame.image), follower.estimate(picture.frame))
    assert parity.mismatches() <= 1
    assert np.median(parity.apart_px) <= 1.0 and np.percentile(parity.apart_px, 95) <= 3.0
    assert np.median(parity.visibility) <= 0.03
    assert np.median(parity.overlap) >= 0.985


# ---------------------------------------------------------------- found, lost, found again


def test_lost_and_found(follower: Follower, astronaut_image: Image) -> None:
    images = [astronaut_image, astronaut_image, BLANK, BLANK, astronaut_image]
    first, _, *lost, again = [follower.estimate(Frame(image)) for image in images]
    assert lost == [None, None]
    assert first is not None and again is not None
    assert _same(first, again)  # nothing is left of the time before


def test_who_is_followed_is_looked_for_where_they_were(
    follower: Follower, astronaut_image: Image
) -> None:
    elsewhere = np.full((480, 1280, 3), 200, np.uint8)
    elsewhere[:, 640:] = astronaut_image
    before = np.full_like(elsewhere, 200)
    before[:, :640] = astronaut_image
    poses = [follower.estimate(Frame(image)) for image in (before, elsewhere, elsewhere)]
    assert [pose is not None for pose in poses] == [True, False, True]


def test_a_reset_starts_like_new(follower: Follower, astronaut_image: Image) -> None:
    images = _moving(astronaut_image, 3)
    runs = []
    for _ in range(2):
        follower.reset()
        runs.append([follower.estimate(Frame(image)) for image in images])
    for first, second in zip(*runs, strict=True):
        assert first is not None and second is not None and _same(first, second)


def test_the_frame_stays_as_it_was(follower: Follower, astronaut_image: Image) -> None:
    image = astronaut_image.copy()
    image.setflags(write=False)
    assert follower.estimate(Frame(image)) is not None
    np.testing.assert_array_equal(image, astronaut_image)


def test_two_threads_give_the_same_bits_as_one(
    monkeypatch: pytest.MonkeyPatch, astronaut_image: Image
) -> None:
    found = []
    for threads in (1, 2):
        monkeypatch.setattr(networking, "THREADS", threads)
        pose = Follower().estimate(Frame(astronaut_image, 0.0))
        assert pose is not None
        found.append(pose)
    assert _same(*found)


def test_a_closed_follower_says_so() -> None:
    follower = Follower()
    follower.close()
    follower.close()
    with pytest.raises(RuntimeError, match="closed"):
        follower.estimate(Frame(BLANK))


def test_nothing_reaches_the_terminal() -> None:
    code = (
        "from pipeline.pose import PoseTracker\n"
        "from pipeline.samples import astronaut\n"
        "from pipeline.structures import Frame\n"
        "with PoseTracker() as tracker:\n"
        "    assert all(tracker.track(Frame(astronaut(), i / 30)) for i in range(2))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


# ---------------------------------------------------------------- the steps


def _heatmaps() -> np.ndarray:
    return np.full((64, 64, 1), -30.0, np.float32)


def test_a_point_moves_to_the_middle_of_the_warmth() -> None:
    heat = _heatmaps()
    heat[20, 10], heat[20, 14], heat[22, 12] = 30.0, 30.0, 30.0
    heat[20, 17] = 30.0  # five cells from the point: out of reach
    points = np.array([[12.7, 19.2]])
    np.testing.assert_allclose(refine(points, heat), [[12.0, 62 / 3]], atol=1e-6)
    np.testing.assert_array_equal(points, [[12.7, 19.2]])


def test_at_the_edge_only_what_is_inside_counts() -> None:
    heat = _heatmaps()
    heat[0, 0], heat[2, 63] = 30.0, 30.0
    np.testing.assert_allclose(refine(np.array([[1.0, 1.0]]), heat), [[0.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(refine(np.array([[62.0, 1.0]]), heat), [[63.0, 2.0]], atol=1e-6)


@pytest.mark.parametrize(("point", "logit"), [((12.0, 20.0), -0.1), ((70.0, 20.0), 30.0)])
def test_a_point_stays_in_the_cold_and_outside(point: tuple[float, float], logit: float) -> None:
    heat = _heatmaps()
    heat[20, 12] = heat[20, 63] = logit
    np.testing.assert_array_equal(refine(np.array([point]), heat), [point])


@pytest.mark.parametrize(
    ("rim", "angle"), [((100, 20), 0.0), ((180, 100), math.pi / 2), ((20, 100), -math.pi / 2)]
)
def test_the_region_stands_along_the_body(rim: tuple[int, int], angle: float) -> None:
    region = RegionTracker().advance(np.array([(100, 100), rim], np.float64))
    assert region is not None
    assert (region.x_px, region.y_px, region.size_px) == pytest.approx((100, 100, 200))
    assert region.angle == pytest.approx(angle)
    head = region.to_frame(SIDE) @ (SIDE / 2, SIDE * 0.1, 1.0)  # the top of the cut-out picture
    np.testing.assert_allclose(head, rim, atol=1e-6)


def test_anchors_in_one_place_end_the_following() -> None:
    assert RegionTracker().advance(np.full((2, 2), 50.0)) is None


def test_a_trembling_anchor_is_calmed_and_a_moving_one_followed() -> None:
    tracker, moved = RegionTracker(), RegionTracker()
    anchors = np.array([(100, 100), (100, 20)], np.float64)
    trembling = [tracker.advance(anchors + (-1) ** step * 0.2) for step in range(20)]
    places = [region.x_px for region in trembling if region][5:]
    assert np.ptp(places) < 0.2  # of 0.4
    moving = [moved.advance(anchors + 8.0 * step) for step in range(20)]
    assert moving[-1] is not None and 0 <= 100 + 8 * 19 - moving[-1].x_px < 8


@pytest.mark.parametrize("x_px", [300.0, 20.0, 2000.0])
def test_the_outline_is_laid_where_it_was_cut_out(x_px: float) -> None:
    region = Region(x_px, 250.0, 700.0, 0.3)
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(alpha, (120, 140), (50, 90), 10, 0, 360, 255, -1)
    whole = cv2.warpAffine(alpha, region.to_frame(SIDE), (640, 480))
    seen = Prediction(np.zeros((39, 3)), np.zeros(39), alpha)
    laid = following._alpha_in_frame(seen, region, (640, 480))
    assert np.abs(laid.astype(int) - whole).max() <= 16  # OpenCV rounds places to 1/32 px
    assert laid.any() == (x_px < 1000)
