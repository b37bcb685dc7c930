"""The live pipeline around its stages: what it does with cuts, gaps, switches and nobody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline import load_garment
from pipeline.errors import NotSupported
from pipeline.live import LiveTryOn
from pipeline.samples import astronaut, swaying_astronaut
from pipeline.structures import Category, Frame, Garment, Image, Reason, Sleeves

ROOM = np.full((480, 640, 3), 127, np.uint8)


def frames(image: Image, count: int, since_s: float = 0.0) -> Iterator[Frame]:
    return (Frame(image, since_s + i / 30) for i in range(count))


@pytest.fixture
def mirror() -> Iterator[LiveTryOn]:
    with LiveTryOn(load_garment("white-tee")) as live:
        yield live


def test_nothing_selected_passes_the_camera() -> None:
    with LiveTryOn() as live:
        composite = live.process(Frame(astronaut()))
    assert composite.reason is Reason.NO_GARMENT
    assert np.array_equal(composite.image, astronaut())


def test_lower_garments_are_refused_and_the_old_one_stays(mirror: LiveTryOn) -> None:
    blank = np.zeros((8, 8, 4), np.uint8)
    line = np.zeros((2, 2), np.float32)
    jeans = Garment(
        "jeans", "Jeans", Category.LOWER, Sleeves.SLEEVELESS, blank, blank[..., 0], {}, line
    )
    with pytest.raises(NotSupported, match="not supported yet"):
        mirror.select(jeans)
    assert mirror.garment_id == "white-tee"


def test_look_settles_fades_in_and_stays(mirror: LiveTryOn) -> None:
    opacities = [mirror.process(f).opacity for f in swaying_astronaut(30)]
    assert opacities[:8] == [0.0] * 8
    assert opacities[-1] == 1.0
    assert (np.diff(opacities) >= 0).all()
    assert max(np.diff(opacities)) < 0.3  # fades, never pops


def test_switching_is_immediate_and_does_not_settle_again(mirror: LiveTryOn) -> None:
    for frame in frames(astronaut(), 25):
        white = mirror.process(frame)
    mirror.select(load_garment("black-long-sleeve"))
    black = mirror.process(Frame(astronaut(), 25 / 30))
    assert black.opacity == 1.0
    chest = (slice(380, 440), slice(290, 350))
    assert black.image[chest].mean() < white.image[chest].mean() - 60


def test_a_cut_to_an_empty_room_shows_the_room_at_once(mirror: LiveTryOn) -> None:
    for frame in frames(astronaut(), 25):
        mirror.process(frame)
    composite = mirror.process(Frame(ROOM, 25 / 30))
    assert np.array_equal(composite.image, ROOM)
    assert composite.opacity == 0.0


def test_who_comes_back_after_a_while_settles_again(mirror: LiveTryOn) -> None:
    for frame in frames(astronaut(), 25):
        mirror.process(frame)
    for frame in frames(ROOM, 30, since_s=1.0):
        mirror.process(frame)
    first = mirror.process(Frame(astronaut(), 2.5))
    assert first.opacity == 0.0


def test_dropping_the_frame_of_a_cut_still_starts_afresh(mirror: LiveTryOn) -> None:
    for frame in frames(astronaut(), 25):
        dressed = mirror.process(frame)
    mirror.observe(Frame(ROOM, 25 / 30))  # dropped before it was dressed
    moved = np.roll(astronaut(), 150, axis=1)
    after = mirror.process(Frame(moved, 26 / 30))
    assert dressed.opacity == 1.0
    assert after.opacity == 0.0
    assert np.array_equal(after.image, moved)


def test_cpu_time_is_only_taken_when_asked_for() -> None:
    with LiveTryOn(load_garment("white-tee"), with_cpu=True) as live:
        measured = live.process(Frame(astronaut()))
    with LiveTryOn(load_garment("white-tee")) as live:
        plain = live.process(Frame(astronaut()))
    assert measured.stage_cpu_ms["pose"] > 0
    assert not plain.stage_cpu_ms
    assert plain.stage_ms["pose"] > 0
