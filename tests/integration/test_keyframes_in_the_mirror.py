"""Network keyframes in live sessions: the real pipeline and the whole stack, at reduced width."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Serve
from doubles import Shopper, StandInEngine

from pipeline import load_garment
from pipeline.errors import WeightsError
from pipeline.samples import swaying_astronaut
from pipeline.structures import Composite, Frame
from stream_server import keyframe_service
from stream_server.app import create_app
from stream_server.config import ServerConfig
from stream_server.deadlines import Timing
from stream_server.engine import Live, Trouble
from stream_server.keyframe_service import KeyframeService
from stream_server.metrics import Metrics
from stream_server.pipeline_engine import PipelineEngine
from tests.stack_stand_in import small_stack

FRAMES = 24
ROUNDS = 40
FPS = 20
WAIT_S = 20.0


class Room:
    """An engine that makes keyframes with a small stack, and its metrics."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self.metrics = Metrics()
        service = KeyframeService(load, self.metrics)
        self.engine = PipelineEngine(keyframes=service)
        service.open(self.engine._looks.get)

    def counted(self, name: str) -> float:
        value = self.metrics.registry.get_sample_value(f"wearcast_{name}")
        assert value is not None
        return value


@pytest.fixture
def room_of() -> Iterator[Callable[[Callable[[], Any]], Room]]:
    rooms: list[Room] = []

    def make(load: Callable[[], Any]) -> Room:
        rooms.append(Room(load))
        return rooms[-1]

    yield make
    for room in rooms:
        room.engine.close()


class Person:
    """Somebody who sways before the mirror, without end."""

    def __init__(self) -> None:
        there = [frame.image for frame in swaying_astronaut(FRAMES)]
        self._images = [*there, *reversed(there)]
        self._step = 0

    def seen_by(self, live: Live, wanted: Callable[[Composite], bool]) -> Composite:
        """Show the person to a mirror until the picture is as wanted."""
        pause = threading.Event()
        for _ in range(ROUNDS * FRAMES):
            image = self._images[self._step % len(self._images)]
            self._step += 1
            composite: Composite = live.dress(live.observe(Frame(image, self._step / FPS)))
            if wanted(composite):
                return composite
            pause.wait(0.02)  # the keyframe's thread has the lowest priority
        raise AssertionError("it never came")


@pytest.fixture
def person() -> Person:
    return Person()


def test_a_keyframe_takes_over_and_outside_of_it_the_camera_stays(
    room_of: Any, person: Person
) -> None:
    room = room_of(small_stack)
    live = room.engine.live()
    live.select(load_garment("breton-top"))
    first = person.seen_by(live, lambda c: c.dressed)
    assert first.look == "photo", "nobody waits for a keyframe"
    neural = person.seen_by(live, lambda c: c.look == "neural" and c.opacity == 1.0)
    assert neural.look_age_ms is not None and neural.look_age_ms >= 0.0
    assert room.counted("keyframes_total") >= 1
    live.select(load_garment("white-tee"))
    assert person.seen_by(live, lambda c: c.dressed).look == "photo", (
        "the old garment's is not worn"
    )
    live.close()


def test_failing_keyframes_are_counted_and_the_photo_look_is_worn(
    room_of: Any, person: Person
) -> None:
    class Failing:
        device = small_stack().device

        def prepare(self, *_: object) -> None:
            raise RuntimeError("out of memory: secret detail")

    room = room_of(Failing)
    live = room.engine.live()
    live.select(load_garment("breton-top"))
    composite = person.seen_by(live, lambda c: c.dressed and room.engine.trouble is not None)
    assert composite.look == "photo"
    assert room.engine.trouble is Trouble.KEYFRAMES_FAILING
    assert room.counted("keyframe_failures_total") >= 1
    live.close()


def test_a_session_and_the_server_may_end_while_a_keyframe_is_made(
    room_of: Any, person: Person
) -> None:
    begun, go = threading.Event(), threading.Event()
    small = small_stack()

    class Slow:
        device = small.device
        prepare = staticmethod(small.prepare)

        def make(self, orders: Any, wanted: Callable[[], bool]) -> Any:
            begun.set()
            assert go.wait(WAIT_S)
            return small.make(orders, wanted)

    room = room_of(Slow)
    live = room.engine.live()
    live.select(load_garment("breton-top"))
    person.seen_by(live, lambda c: begun.is_set())
    live.close()
    threading.Timer(0.2, go.set).start()
    room.engine.close()
    assert not any(t.name == "keyframes" and t.is_alive() for t in threading.enumerate())


async def test_a_session_says_when_keyframes_fail(engine: StandInEngine, serve: Serve) -> None:
    engine.trouble = Trouble.KEYFRAMES_FAILING
    async with Shopper(await serve(Timing(status=0.1))) as shopper:
        await shopper.connect(garment="red")
        status = await shopper.hear("status", lambda m: m["state"] == "dressed")
        assert status["trouble"] == "keyframes_failing"
        assert status["look"] == "photo"


@pytest.mark.parametrize("stack", ["cpu", "cuda"])
def test_a_stack_without_weights_is_refused_before_serving(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.checkpoints import neural_look

    monkeypatch.setattr(neural_look, "missing_weights", lambda: ("viton_alias",))
    with pytest.raises(WeightsError, match=r"viton_alias.*wearcast weights fetch"):
        create_app(ServerConfig(catalog=tmp_path, stack=stack))
    assert keyframe_service.stack_for("auto", commercial=False)() is None
    assert keyframe_service.stack_for("off", commercial=False)() is None


def test_commercial_serving_refuses_weights_for_research(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.checkpoints import neural_look

    monkeypatch.setattr(neural_look, "missing_weights", lambda: ())
    with pytest.raises(WeightsError, match="may not be used commercially"):
        keyframe_service.stack_for("cpu", commercial=True)
