"""Keyframes on the way through the pipeline: photos, recorded video, and when none can be made."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline import TryOn, load_garment
from pipeline.errors import NotSupported, WeightsError
from pipeline.keyframes import Wish
from pipeline.keylooks import LookMaker, RecordedKeyframes
from pipeline.labels import Landmark
from pipeline.live import LiveTryOn
from pipeline.looks.neural import NeuralLook
from pipeline.samples import astronaut, swaying_astronaut
from pipeline.structures import Composite, Frame, Garment, Pose
from pipeline.video import RenderJob, render_video
from tests.stack_stand_in import small_stack
from tests.unit.standing_pose import standing_pose

FRAME = Frame(np.full((480, 640, 3), 90, np.uint8))
POSE = standing_pose()


@pytest.fixture(scope="module")
def garment() -> Garment:
    return load_garment("breton-top")


@pytest.fixture(scope="module")
def maker() -> LookMaker:
    return LookMaker(small_stack())


class Counting:
    """Makes nothing, and remembers when it was asked."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(
        self, wishes: Sequence[Wish], stopping: threading.Event
    ) -> list[NeuralLook | None]:
        self.times += [wish.frame.time_s for wish in wishes]
        return [None for _ in wishes]


def moving(step: int) -> Pose:
    return standing_pose(centre=(320.0 + 4 * step, 170.0))


def test_recorded_keyframes_keep_their_distance(garment: Garment) -> None:
    counting = Counting()
    keys = RecordedKeyframes(counting, interval_s=0.5)
    for step in range(31):
        keys.look(replace(FRAME, time_s=step / 10), moving(step), 0, garment)
    assert counting.times == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0])


def test_a_cut_and_another_garment_want_a_keyframe_at_once(garment: Garment) -> None:
    counting = Counting()
    keys = RecordedKeyframes(counting, interval_s=5.0)
    other = load_garment("white-tee")
    for step, (scene, worn) in enumerate(((0, garment), (0, other), (1, other), (1, other))):
        keys.look(replace(FRAME, time_s=step / 10), POSE, scene, worn)
    assert counting.times == pytest.approx([0.0, 0.1, 0.2])


def test_a_person_who_stands_still_keeps_the_keyframe(garment: Garment, maker: LookMaker) -> None:
    keys = RecordedKeyframes(maker, interval_s=0.2)
    looks = {keys.look(replace(FRAME, time_s=t), POSE, 0, garment) for t in (0.0, 0.5, 1.0)}
    assert keys.made == 1 and len(looks) == 1
    keys.look(replace(FRAME, time_s=1.5), moving(5), 0, garment)
    assert keys.made == 2


def test_makers_serve_who_can_be_dressed(garment: Garment, maker: LookMaker) -> None:
    blind = POSE.visibility.copy()
    blind[Landmark.LEFT_SHOULDER] = 0.0
    wishes = [Wish(FRAME, replace(POSE, visibility=blind), garment, 0.0)]
    wishes += [Wish(FRAME, POSE, garment, 0.0)]
    nothing, look = maker(wishes, threading.Event())
    assert nothing is None
    assert isinstance(look, NeuralLook) and look.garment is garment


def test_makers_end_when_the_server_stops(garment: Garment, maker: LookMaker) -> None:
    stopping = threading.Event()
    stopping.set()
    assert maker([Wish(FRAME, POSE, garment, 0.0)], stopping) == [None]


def dressed(maker: LookMaker | None, garment: Garment, count: int = 24) -> list[Composite]:
    keyed = None if maker is None else RecordedKeyframes(maker).look
    with LiveTryOn(garment, keyed=keyed) as mirror:
        return [mirror.process(frame) for frame in swaying_astronaut(count)]


@pytest.fixture(scope="module")
def plain(garment: Garment) -> list[Composite]:
    return dressed(None, garment)


def test_a_keyframe_is_worn_and_its_age_told(
    garment: Garment, maker: LookMaker, plain: list[Composite]
) -> None:
    neural = dressed(maker, garment)
    assert {c.look for c in plain if c.dressed} == {"photo"}
    assert {c.look for c in neural if c.dressed} == {"neural"}
    shown = [c for c in neural if c.dressed]
    assert all(0.0 <= (c.look_age_ms or 0.0) <= 1100.0 for c in shown)
    assert any((c.look_age_ms or 0.0) > 0.0 for c in shown)
    assert not np.array_equal(neural[-1].image, plain[-1].image)
    for composite, frame in zip(neural, swaying_astronaut(24), strict=True):
        untouched = composite.mask == 0
        assert np.array_equal(composite.image[untouched], frame.image[untouched])


def test_the_photo_look_stays_when_there_is_no_keyframe(
    garment: Garment, plain: list[Composite]
) -> None:
    with_none = dressed(Counting(), garment)
    assert {c.look for c in with_none if c.dressed} == {"photo"}
    assert all(np.array_equal(a.image, b.image) for a, b in zip(with_none, plain, strict=True))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "sway.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for frame in list(swaying_astronaut(36))[::2]:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame.image, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def test_two_renders_give_the_same_pixels_and_count_keyframes(
    tmp_path: Path, clip: Path, garment: Garment, maker: LookMaker
) -> None:
    counts = []
    for name in ("a", "b"):
        job = RenderJob(clip, tmp_path / name, out_is_folder=True, report=tmp_path / f"{name}.json")
        numbers = render_video(job, garment, keyframes=RecordedKeyframes(maker))
        counts.append(numbers.keyframes)
    assert counts[0] == counts[1] >= 2
    assert f'"keyframes": {counts[0]}' in (tmp_path / "a.json").read_text()
    pairs = zip(sorted((tmp_path / "a").iterdir()), sorted((tmp_path / "b").iterdir()), strict=True)
    assert all(first.read_bytes() == second.read_bytes() for first, second in pairs)


def test_a_photo_wears_one_keyframe(garment: Garment) -> None:
    composite = TryOn(small_stack()).photo(astronaut(), garment)
    assert composite.look == "neural" and composite.opacity == 1.0


@pytest.mark.parametrize("stack", ["cpu", "cuda"])
def test_a_stack_without_weights_says_what_to_do(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.tryon.missing_weights", lambda: ("viton_gmm",))
    with pytest.raises(WeightsError, match="wearcast weights fetch viton_gmm"):
        TryOn.load(stack)


def test_auto_without_weights_says_that_it_wears_the_photo_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.tryon.missing_weights", lambda: ("viton_gmm",))
    try_on = TryOn.load("auto")
    assert "photo look" in try_on.notice and "viton_gmm" in try_on.notice
    assert try_on.keyframes() is None
    assert TryOn.load("off").notice == ""


def test_commercial_use_is_not_tricked_by_files_that_are_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.tryon.missing_weights", lambda: ())
    assert "commercially" in TryOn.load("auto", commercial=True).notice


def test_an_unknown_stack_is_refused() -> None:
    with pytest.raises(NotSupported, match="auto, off, cpu, cuda"):
        TryOn.load("gpu")
