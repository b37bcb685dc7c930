"""Two aiortc peers in one process: a shopper and the server, with a stand-in pipeline."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import numpy as np
import pytest
from conftest import Serve
from doubles import Received, Shopper, StandInEngine, TintLive, read_number, until

from stream_server import session
from stream_server.deadlines import Timing
from stream_server.keys import LOBBY

QUICK = Timing(status=0.1)


async def metric(shopper: Shopper, line: str) -> float:
    """Value of one line of ``/metrics``; 0 when it is not there."""
    async with shopper.http.get("/metrics") as response:
        text = await response.text()
    return next((float(t.split()[-1]) for t in text.splitlines() if t.startswith(line)), 0.0)


def sessions_of(shopper: Shopper) -> int:
    return len(shopper.http.app[LOBBY]) if shopper.http.app else 0


async def test_a_shopper_sees_the_garment_of_the_offer(serve: Serve) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        frames = await shopper.see(10, worn="green")
        assert [frame.pts for frame in frames] == sorted({frame.pts for frame in frames})
        assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})
        assert (await shopper.hear("ready"))["garment"] == "green"
        assert sessions_of(shopper) == 1
        assert await metric(shopper, "wearcast_sessions ") == 1
        assert await metric(shopper, 'wearcast_offers_total{result="accepted"}') == 1
        assert await metric(shopper, 'wearcast_frames_out_total{outcome="dressed"}') >= 10


async def test_frames_keep_the_clock_of_the_camera(serve: Serve) -> None:
    async with Shopper(await serve(), fps=10) as shopper:
        await shopper.connect(garment="green")
        frames = await shopper.see(8)
    first = frames[0]
    for frame in frames[1:]:
        seconds = (frame.pts - first.pts) / 90_000
        assert seconds == pytest.approx((frame.number - first.number) / 10, abs=0.001)


async def test_counters_that_fail_all_the_time_are_told_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    async def fail(_: object) -> None:
        asked.append(1)
        raise RuntimeError

    monkeypatch.setattr(session, "read_line", fail)
    async with Shopper(await serve(QUICK)) as shopper:
        await shopper.connect(garment="green")
        await until(lambda: len(asked) > 3)
    assert caplog.text.count("no statistics") == 1


async def test_a_garment_is_changed_without_reconnecting(serve: Serve) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        await shopper.say(type="select", garment="blue")
        await shopper.see(3, worn="blue")
        assert (await shopper.hear("ready"))["garment"] == "blue"
        await shopper.say(type="select", garment=None)
        await shopper.see(3, worn=None)
        status = await shopper.hear("status", lambda m: m["reason"] == "no_garment")
        assert (status["state"], status["look"]) == ("undressed", "none")


@pytest.mark.parametrize(
    ("wish", "code"), [("no-such", "garment_unknown"), ("trousers", "not_supported")]
)
async def test_an_impossible_wish_leaves_the_old_garment_on(
    serve: Serve, wish: str, code: str
) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        await shopper.say(type="select", garment=wish)
        error = await shopper.hear("error")
        assert error["code"] == code
        assert error["message"].endswith(".")
        assert all(frame.worn == "green" for frame in await shopper.see(5))


async def test_status_tells_how_it_goes(serve: Serve) -> None:
    async with Shopper(await serve(), beat=True) as shopper:
        await shopper.connect(garment="green")
        status = await shopper.hear("status", lambda m: m["fps"] > 10)
        assert status["channel"] == "beat"
        assert (status["state"], status["reason"], status["look"]) == ("dressed", None, "photo")
        assert {"decode", "draw", "convert"} <= status["stage_ms"].keys()
        await shopper.say(type="ping", t=12.5)
        pong = await shopper.hear("pong")
        assert (pong["t"], pong["channel"]) == (12.5, "beat")


async def test_pause_and_mirror(serve: Serve) -> None:
    async with Shopper(await serve(QUICK), fps=15) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        await shopper.say(type="pause", on=True)
        await shopper.hear("status", lambda m: m["state"] == "paused")
        await shopper.see(3, worn=None)  # what was on its way has arrived
        assert all(frame.worn is None for frame in await shopper.see(5))
        await shopper.say(type="mirror", on=True)
        first = shopper.frames[0]

        def flipped(frame: Received) -> bool:
            number = first.number + round((frame.pts - first.pts) * shopper.fps / 90_000)
            return read_number(frame.image[:, ::-1]) == number % 256

        await until(lambda: flipped(shopper.frames[-1]) and not is_palindrome(shopper.frames[-1]))
        assert all(flipped(frame) for frame in await shopper.see(5))
        await shopper.say(type="pause", on=False)
        await shopper.see(worn="green")


def is_palindrome(frame: Received) -> bool:
    """A number that reads the same from both sides tells nothing about mirroring."""
    return frame.number == read_number(frame.image[:, ::-1])


async def test_bad_messages_are_answered_and_survived(serve: Serve) -> None:
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="green")
        await shopper.see()
        for text in ("{", "[]", '{"type": "dance"}', '{"type": "pause", "on": 1}', "x" * 5000):
            shopper.messages.clear()
            shopper.control.send(text)
            assert (await shopper.hear("error"))["code"] == "bad_message"
        await shopper.see(worn="green")


async def test_frames_pass_while_the_pipeline_is_still_being_made(
    serve: Serve, engine: StandInEngine
) -> None:
    engine.gate.clear()
    async with Shopper(await serve(QUICK)) as shopper:
        assert (await shopper.http.get("/readyz")).status == 503
        await shopper.connect(garment="green")
        assert all(frame.worn is None for frame in await shopper.see(5))
        assert (await shopper.hear("status"))["state"] == "starting"
        engine.gate.set()
        await shopper.see(worn="green")
        assert (await shopper.http.get("/readyz")).status == 200


@pytest.mark.parametrize("step", ["observe", "dress"])
async def test_a_fault_lets_the_raw_frame_pass_and_is_counted(
    serve: Serve, engine: StandInEngine, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Shopper(await serve(QUICK)) as shopper:
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        engine.lives[0].fail = step
        await shopper.see(5, worn=None)
        await shopper.hear("status", lambda m: m["reason"] == "worker_error")
        assert await metric(shopper, f'wearcast_worker_errors_total{{stage="{step}"}}') >= 5
        engine.lives[0].fail = None
        await shopper.see(worn="green")
    faults = [r for r in caplog.records if r.name == "stream_server.worker"]
    assert len(faults) == 1
    assert shopper.session[:8] in caplog.text
    assert "secret detail" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_pipeline_that_cannot_be_made_leaves_the_camera_picture(
    serve: Serve, engine: StandInEngine
) -> None:
    engine.broken = True
    async with Shopper(await serve(QUICK)) as shopper:
        await shopper.connect(garment="green")
        assert all(frame.worn is None for frame in await shopper.see(5))
        await shopper.hear("status", lambda m: m["reason"] == "worker_error")


async def test_a_slow_step_drops_frames_instead_of_falling_behind(
    serve: Serve, engine: StandInEngine
) -> None:
    engine.slow_s = 0.1
    async with Shopper(await serve(QUICK), fps=30) as shopper:
        await shopper.connect(garment="green")
        frames = await shopper.see(40, worn="green")
        latencies = [frame.latency_s for frame in frames]
        early, late = np.median(latencies[5:15]), np.median(latencies[-10:])
        assert late < 0.6
        assert late - early < 0.15
        assert (await shopper.hear("status"))["dropped"] > 20
        assert await metric(shopper, 'wearcast_frames_dropped_total{hop="observe"}') > 10


async def test_delete_ends_a_session_and_leaves_nothing(
    serve: Serve, engine: StandInEngine
) -> None:
    http = await serve(QUICK)
    async with Shopper(http) as shopper:
        await until(lambda: not any(t.name == "warm-up" for t in threading.enumerate()))
        before = asyncio.all_tasks()
        await shopper.connect(garment="green")
        await shopper.see(worn="green")
        labelled = [t.name for t in threading.enumerate() if shopper.session[:8] in t.name]
        assert len(labelled) == 2
        assert len(engine.lives[0].threads) == 2
        assert (await http.delete(f"/api/sessions/{shopper.session}")).status == 204
        assert sessions_of(shopper) == 0
        assert engine.lives[0].closed == 1
        assert (await http.delete(f"/api/sessions/{shopper.session}")).status == 404
        assert await metric(shopper, "wearcast_sessions ") == 0
    await until(lambda: not [t for t in threading.enumerate() if is_of_a_session(t)])
    await until(lambda: not tasks_beyond(before), describe=lambda: tasks_beyond(before))


def tasks_beyond(before: set[asyncio.Task[object]]) -> list[str]:
    names = [repr(task) for task in asyncio.all_tasks() - before]
    return [name for name in names if "RequestHandler" not in name]  # HTTP connections are kept


def is_of_a_session(thread: threading.Thread) -> bool:
    return thread.name.startswith(("observe-", "dress-", "video-decoder"))


async def test_a_full_house_asks_to_come_back_and_has_room_again(serve: Serve) -> None:
    http = await serve(max_sessions=1)
    async with Shopper(http) as first, Shopper(http) as second:
        await first.connect()
        refused = await http.post("/api/offer", json=second.offer())
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert (await refused.json())["error"]["code"] == "full"
        await http.delete(f"/api/sessions/{first.session}")
        await second.connect(garment="red")
        await second.see(worn="red")


async def test_sessions_do_not_mix(serve: Serve) -> None:
    http = await serve()
    async with Shopper(http, fps=10) as first, Shopper(http, fps=10) as second:
        await first.connect(garment="red")
        await second.connect(garment="blue", mirror=True)
        await first.see(5, worn="red")
        await second.see(5, worn="blue")
        assert not [frame for frame in first.frames if frame.worn == "blue"]
        assert not [frame for frame in second.frames if frame.worn == "red"]


async def test_an_offer_that_never_connects_is_given_up(serve: Serve) -> None:
    http = await serve(Timing(connect=0.3, status=0.05))
    async with Shopper(http) as shopper:
        response = await http.post("/api/offer", json=shopper.offer())
        assert response.status == 200
        assert sessions_of(shopper) == 1
        await until(lambda: sessions_of(shopper) == 0, 3)


async def test_a_camera_that_stops_ends_the_session(serve: Serve) -> None:
    async with Shopper(await serve(Timing(frame=0.4, status=0.05))) as shopper:
        await shopper.connect()
        await shopper.see(2)
        assert sessions_of(shopper) == 1
        shopper.camera.stop()
        await until(lambda: sessions_of(shopper) == 0, 3)


async def test_a_heartbeat_that_stops_ends_the_session(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Shopper(await serve(Timing(heartbeat=0.4, status=0.05))) as shopper:
        await shopper.connect()
        await shopper.say(type="ping", t=1)
        await shopper.hear("pong")
        assert sessions_of(shopper) == 1
        await until(lambda: sessions_of(shopper) == 0, 3)
    assert "heartbeat lost" in caplog.text


async def test_a_server_that_was_held_up_does_not_blame_its_shoppers(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Shopper(await serve(Timing(heartbeat=0.5, frame=0.5, status=0.05))) as shopper:
        await shopper.connect()
        await shopper.say(type="ping", t=1)
        await shopper.hear("pong")
        asyncio.get_running_loop().call_soon(time.sleep, 0.8)  # both sides stand still
        await asyncio.sleep(0.15)  # time for the server to judge, before the next sign of life
        assert "closing" not in caplog.text
        assert sessions_of(shopper) == 1


async def test_a_shopper_who_leaves_frees_the_place(serve: Serve) -> None:
    http = await serve()
    async with Shopper(http) as shopper:
        await shopper.connect()
        await shopper.see()
    await until(lambda: sessions_of(shopper) == 0, 5)


async def test_a_server_that_ends_asks_its_shoppers_to_reconnect(
    serve: Serve, engine: StandInEngine
) -> None:
    http = await serve()
    async with Shopper(http) as shopper:
        await shopper.connect(garment="red")
        await shopper.see()
        assert http.app is not None
        await http.app[LOBBY].close()
        await shopper.hear("reconnect")
        assert sessions_of(shopper) == 0
        assert engine.lives[0].closed == 1
        refused = await http.post("/api/offer", json=shopper.offer())
        assert (await refused.json())["error"]["code"] == "ending"
        assert (await http.get("/readyz")).status == 503


async def test_a_step_that_hangs_does_not_keep_a_session_from_closing(
    serve: Serve, engine: StandInEngine
) -> None:
    http = await serve(Timing(close=0.2))
    async with Shopper(http) as shopper:
        await shopper.connect(garment="red")
        await shopper.see(worn="red")
        engine.lives[0].slow_s = 1.0
        await asyncio.sleep(0.2)
        await asyncio.wait_for(http.delete(f"/api/sessions/{shopper.session}"), 3)
        assert sessions_of(shopper) == 0
    await until(lambda: engine.lives[0].closed == 1, 3)


async def test_a_killed_client_without_heartbeat_is_noticed(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Shopper(await serve(Timing(silence=0.4, status=0.05))) as shopper:
        await shopper.connect()
        await shopper.see(2)
        shopper.camera.stop()
        await until(lambda: sessions_of(shopper) == 0, 3)
    assert "client silent" in caplog.text


async def test_when_nobody_is_there_the_session_says_bye(serve: Serve) -> None:
    async with Shopper(await serve(Timing(idle=0.5, status=0.05))) as shopper:
        await shopper.connect(garment="red")
        await shopper.see(15, worn="red")  # dressed, so not idle, for longer than that
        await shopper.say(type="select", garment=None)
        assert (await shopper.hear("bye"))["reason"] == "idle"
        await until(lambda: sessions_of(shopper) == 0, 3)
        ends = 'wearcast_session_ends_total{cause="nobody there"}'
        assert await metric(shopper, ends) == 1


async def test_the_longest_session_ends_with_a_wish_to_reconnect(serve: Serve) -> None:
    async with Shopper(await serve(Timing(longest=0.8, status=0.05))) as shopper:
        await shopper.connect(garment="red")
        await shopper.see(2, worn="red")
        await shopper.hear("reconnect")
        await until(lambda: sessions_of(shopper) == 0, 3)


async def test_a_slow_server_asks_for_fewer_frames(serve: Serve, engine: StandInEngine) -> None:
    engine.slow_s = 0.12
    async with Shopper(await serve(QUICK), fps=30) as shopper:
        await shopper.connect(garment="green")
        wish = await shopper.hear("quality")
        assert (wish["scale"], wish["fps"], wish["cause"]) == (1.0, 20, "server")
        assert await metric(shopper, 'wearcast_quality_changes_total{to="1@20"}') == 1
        assert await metric(shopper, "wearcast_session_fps_count") >= 2
        assert await metric(shopper, "wearcast_frame_age_seconds_count") >= 10


async def test_a_pipeline_that_can_do_less_is_asked_first(
    serve: Serve, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def economise(live: TintLive, on: bool) -> bool:
        asked.append(on)
        live.slow_s = 0.0 if on else 0.12
        return True

    monkeypatch.setattr(TintLive, "economise", economise, raising=False)
    engine.slow_s = 0.12
    async with Shopper(await serve(QUICK), fps=30) as shopper:
        await shopper.connect(garment="green")
        await until(lambda: asked == [True])
        await asyncio.sleep(4)
        assert not [message for message in shopper.messages if message["type"] == "quality"]
