from __future__ import annotations

import fractions
import itertools
import logging
import random
import threading
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
import synthetic_line
from aiortc import RTCRtpReceiver
from aiortc.codecs import depayload, get_decoder
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rate import BandwidthUsage
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame
from synthetic_line import DELAY_S, FRAME_S, PACKET_S, PACKETS, VP8, Line

from pipeline.errors import InputError
from stream_server import rtc_tuning
from stream_server.encoders import TunedH264Encoder, TunedVp8Encoder, bounded
from stream_server.network import PROFILES, profile_for
from stream_server.rtc_tuning import (
    MAX_BACKLOG,
    NACK_AGAIN_S,
    PLI_PAUSE_S,
    DecoderQueue,
    Repairs,
    SeededRateControl,
    TunedSender,
    Tuning,
)

LAN = PROFILES["lan"]


@pytest.fixture(autouse=True)
async def _in_a_loop() -> None:
    """aiortc's receivers are made inside an event loop."""


async def test_a_frame_is_given_out_with_its_last_packet() -> None:
    line, stock = Line(), Line(tuned=False)
    await line.run(1)
    await stock.run(1)
    way = DELAY_S + (PACKETS - 1) * PACKET_S
    assert [frame.at - frame.number * FRAME_S for frame in line.shown] == pytest.approx([way] * 30)
    assert stock.shown[5].at - stock.shown[5].number * FRAME_S > way + 0.9 * FRAME_S - 0.01


async def test_packets_out_of_order_and_twice_give_every_frame_once_and_in_order() -> None:
    dice = random.Random(1)
    delays = {n % 65536: dice.choice([0, 0, 0.003, 0.012]) for n in range(65_500, 66_500)}
    line = Line(delay=delays.__getitem__, twice=True, first=65_500)
    await line.run(5)
    assert [frame.number for frame in line.shown] == list(range(150))
    assert all(frame.whole for frame in line.shown)
    assert line.plis == []


@pytest.mark.parametrize("seed", range(4))
async def test_three_percent_loss_never_freezes_for_400_ms(seed: int) -> None:
    dice = random.Random(seed)
    line = Line(lose=lambda *_: dice.random() < 0.03, lose_back=lambda _: dice.random() < 0.03)
    await line.run(60)
    assert line.longest_freeze_s() < 0.4
    assert len(line.decodable()) == len(line.shown)
    assert len(line.shown) > 0.98 * 1800
    assert line.tuning is not None
    repairs = line.tuning.repairs
    assert repairs.expected == 1800 * PACKETS


@pytest.mark.parametrize(("packets", "delay_s"), [(1, 0.02), (2, 0.001), (6, 0.06)])
async def test_nor_does_it_on_other_lines(
    monkeypatch: pytest.MonkeyPatch, packets: int, delay_s: float
) -> None:
    monkeypatch.setattr(synthetic_line, "PACKETS", packets)
    monkeypatch.setattr(synthetic_line, "DELAY_S", delay_s)
    dice = random.Random(1)
    line = Line(lose=lambda *_: dice.random() < 0.03, lose_back=lambda _: dice.random() < 0.03)
    await line.run(60)
    assert line.longest_freeze_s() < 0.4
    assert len(line.decodable()) > 0.98 * 1800


async def test_a_lost_request_is_repeated_while_the_hole_is_there() -> None:
    hole = (65_500 + 10 * PACKETS + 1) % 65_536
    line = Line(
        lose=lambda number, before, _: number == hole and before == 0,
        lose_back=lambda now: now < 0.4,
    )
    await line.run(2)
    asked = [at for at, lost in line.nacks if hole in lost]
    assert len(asked) >= 2
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert min(pauses) >= NACK_AGAIN_S - 1e-9
    assert max(pauses) < 2 * NACK_AGAIN_S
    assert [frame.number for frame in line.shown] == list(range(60))


async def test_after_an_outage_the_picture_is_back_at_once() -> None:
    line = Line(lose=lambda _number, _before, at: 2 <= at < 3.2, lose_back=lambda t: 2 <= t < 3.2)
    stock = Line(lose=line.lose, lose_back=line.lose_back, tuned=False)
    await line.run(8)
    await stock.run(8)
    assert line.longest_freeze_s() < 1.2 + 0.3
    assert stock.longest_freeze_s() > 3  # more is missing than can be asked for
    assert line.tuning is not None
    assert line.tuning.repairs.jumps == 1
    assert len(line.decodable()) == len(line.shown)  # nothing broken was handed to the decoder
    assert line.shown[-1].number == 239


async def test_keyframes_are_asked_for_at_most_every_400_ms() -> None:
    line = Line(
        lose=lambda _number, _before, at: 1.0 <= at < 1.3,
        lose_back=lambda t: 1 <= t < 3,  # no request gets through
    )
    await line.run(5)
    assert 3 <= len(line.plis) <= 6
    assert min(b - a for a, b in itertools.pairwise(line.plis)) >= PLI_PAUSE_S - 1e-9
    assert line.decodable()[-1].number == 149


async def test_packets_that_come_long_after_their_frame_change_nothing() -> None:
    gone = range(4, 8)  # frame 10, after the numbers began anew, is only sent again
    line = Line(
        lose=lambda number, before, _: number in gone and before == 0,
        delay=lambda number: 1.5 if number in gone else 0.0,
    )
    await line.run(5)
    assert line.longest_freeze_s() < 0.5
    assert len(line.plis) <= 2
    assert line.shown[-1].number == 149


class Codec(SimpleNamespace):
    name = "VP8"


def test_a_decoder_that_falls_behind_goes_on_at_the_next_keyframe() -> None:
    lost, repairs = threading.Event(), Repairs()
    waiting = DecoderQueue(lost, repairs)
    for number in range(MAX_BACKLOG + 5):
        waiting.put((Codec(), JitterFrame(b"\x01", number)))
    assert waiting.qsize() == MAX_BACKLOG
    assert lost.is_set()
    waiting.put((Codec(), JitterFrame(b"\x00", 100)))
    waiting.put((Codec(), JitterFrame(b"\x01", 101)))
    waiting.put(None)
    assert [waiting.get()[1].timestamp for _ in range(2)] == [100, 101]
    assert waiting.get() is None
    assert repairs.backlogs == 1


def test_the_camera_may_send_at_the_seed_from_the_first_report_on() -> None:
    for profile in PROFILES.values():
        control = SeededRateControl(profile)
        assert control.update(BandwidthUsage.NORMAL, None, 0) == pytest.approx(
            profile.seed, rel=0.1
        )
        for step in range(1, 50):
            rate = control.update(BandwidthUsage.OVERUSING, 50_000, step * 500)
        assert rate == profile.lowest
        for step in range(50, 500):
            rate = control.update(BandwidthUsage.NORMAL, 9_000_000, step * 500)
        assert rate == profile.highest


@pytest.mark.parametrize(
    ("network", "peer", "profile"),
    [
        ("auto", "192.168.1.7", "lan"),
        ("auto", "::1", "lan"),
        ("auto", "93.184.216.34", "internet"),
        ("auto", None, "internet"),
        ("auto", "somewhere", "internet"),
        ("lan", None, "lan"),
        ("internet", "127.0.0.1", "internet"),
    ],
)
def test_the_profile_follows_the_setting_and_the_peer(
    network: str, peer: str | None, profile: str
) -> None:
    assert profile_for(network, peer) is PROFILES[profile]


def test_the_rate_of_an_encoder_stays_in_bounds_and_ignores_small_rises() -> None:
    line = PROFILES["internet"]
    assert bounded(9_000_000, 800_000, line) == line.highest
    assert bounded(1, 800_000, line) == line.lowest
    assert bounded(900_000, 800_000, line) == 800_000
    assert bounded(700_000, 800_000, line) == 700_000
    assert bounded(line.highest, line.highest - 1, line) == line.highest


def picture(number: int) -> VideoFrame:
    image = np.full((96, 128, 3), 40, np.uint8)
    image[:, : 8 * number + 8] = 200
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = number * 3000 + 7 * (number % 2), fractions.Fraction(1, 90_000)
    return frame


@pytest.mark.parametrize("make", [TunedVp8Encoder, TunedH264Encoder])
def test_tuned_encoders_give_what_the_stock_decoder_reads(make: Any) -> None:
    encoder = make(LAN)
    assert encoder.target_bitrate == LAN.start
    name = "VP8" if make is TunedVp8Encoder else "H264"
    codec = RTCRtpCodecParameters(mimeType=f"video/{name}", clockRate=90_000, payloadType=96)
    decoder, seen, kinds = get_decoder(codec), [], []
    for number in range(12):
        payloads, timestamp = encoder.encode(picture(number), force_keyframe=number == 6)
        data = b"".join(depayloaded(name, payload) for payload in payloads)
        kinds.append(rtc_tuning.is_keyframe(name, data))
        seen += decoder.decode(JitterFrame(data, timestamp))
    assert [n for n, key in enumerate(kinds) if key] == [0, 6]
    means = [frame.to_ndarray(format="gray").mean() for frame in seen]
    assert len(means) >= 11
    assert means == sorted(means)
    assert encoder.codec.bit_rate == LAN.start


def depayloaded(name: str, payload: bytes) -> bytes:
    codec = RTCRtpCodecParameters(mimeType=f"video/{name}", clockRate=90_000, payloadType=96)
    return bytes(depayload(codec, payload))


@pytest.mark.parametrize(
    ("make", "stock"), [(TunedVp8Encoder, Vp8Encoder), (TunedH264Encoder, H264Encoder)]
)
def test_our_encoders_are_never_replaced_by_slow_ones(
    monkeypatch: pytest.MonkeyPatch, make: Any, stock: Any
) -> None:
    monkeypatch.delattr(av, "CodecContext")  # aiortc's own way to one
    encoder = make(LAN)
    encoder.encode(picture(0))
    codec = encoder.codec
    encoder.target_bitrate = 700_000
    encoder.encode(picture(1))
    assert encoder.codec is not codec
    assert encoder.codec.bit_rate == 700_000
    with pytest.raises(AttributeError):
        stock().encode(picture(0))


async def test_a_sender_gets_our_encoder_for_codecs_we_know() -> None:
    async def stock(codec: Any) -> str:
        return f"encoded {codec.mimeType}"

    sender = SimpleNamespace(_next_encoded_frame=stock, _RTCRtpSender__encoder=None)
    TunedSender(sender, LAN)
    assert await sender._next_encoded_frame(SimpleNamespace(mimeType="video/AV1")) == (
        "encoded video/AV1"
    )
    assert sender._RTCRtpSender__encoder is None
    await sender._next_encoded_frame(VP8)
    assert isinstance(sender._RTCRtpSender__encoder, TunedVp8Encoder)


async def test_a_smaller_picture_is_sent_with_fewer_bits() -> None:
    async def stock(codec: Any) -> None: ...

    sender = SimpleNamespace(_next_encoded_frame=stock, _RTCRtpSender__encoder=None)
    tuned = TunedSender(sender, LAN)
    tuned.limit(900_000)  # before there is an encoder
    await sender._next_encoded_frame(VP8)
    encoder = sender._RTCRtpSender__encoder
    assert encoder.target_bitrate == 900_000
    encoder.target_bitrate = LAN.highest  # what the browser would take
    assert encoder.target_bitrate == 900_000
    tuned.limit(9_000_000)
    encoder.target_bitrate = LAN.highest
    assert encoder.target_bitrate == LAN.highest


def test_every_private_name_is_there() -> None:
    assert rtc_tuning.MISSING == []


async def test_an_unknown_aiortc_is_left_alone_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(RTCRtpReceiver, "_send_rtcp_pli", None)
    monkeypatch.delattr(RTCRtpReceiver, "_send_rtcp_pli")
    missing = rtc_tuning.missing_names()
    assert missing == ["RTCRtpReceiver._send_rtcp_pli"]
    monkeypatch.setattr(rtc_tuning, "MISSING", missing)
    receiver: Any = SimpleNamespace()
    tuning = Tuning(environment={})
    for _ in range(3):
        tuning.receiver(receiver, "127.0.0.1")
        tuning.sender(receiver, "127.0.0.1")
    assert vars(receiver) == {}
    assert len(caplog.records) == 1
    assert "streams run without tuning" in caplog.text


def test_the_environment_switches_it_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    receiver: Any = SimpleNamespace()
    tuning = Tuning(environment={"WEARCAST_RTC_TUNING": "off"})
    tuning.sender(receiver, None)
    assert tuning.active is False
    assert vars(receiver) == {}
    assert caplog.records == []
    assert Tuning(environment={}).active


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(InputError, match="auto, internet, lan"):
        Tuning("wifi")
