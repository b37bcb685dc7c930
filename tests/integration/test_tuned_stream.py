"""The tuning as a live connection gets it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiortc import RTCRtpSender
from conftest import Serve
from doubles import Shopper

from stream_server.encoders import TunedH264Encoder, TunedVp8Encoder
from stream_server.jitter import MarkerJitterBuffer
from stream_server.keys import LOBBY
from stream_server.network import PROFILES
from stream_server.playout import URI


def connection_of(shopper: Shopper) -> tuple[Any, Any]:
    """The server's receiver and sender of a shopper's video."""
    assert shopper.http.app is not None
    (session,) = shopper.http.app[LOBBY]._sessions.values()
    (transceiver,) = session._pc.getTransceivers()
    return transceiver.receiver, transceiver.sender


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_a_live_connection_is_tuned(serve: Serve, codec: str) -> None:
    async with Shopper(await serve(network="lan")) as shopper:
        if codec == "video/H264":
            offered = [
                c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType == codec
            ]
            shopper.pc.getTransceivers()[0].setCodecPreferences(offered)
            await shopper.pc.setLocalDescription(await shopper.pc.createOffer())
        await shopper.connect(garment="green")
        frames = await shopper.see(20, worn="green")
        receiver, sender = connection_of(shopper)
        encoder = sender._RTCRtpSender__encoder
    assert isinstance(receiver._RTCRtpReceiver__jitter_buffer, MarkerJitterBuffer)
    control = receiver._RTCRtpReceiver__remote_bitrate_estimator.rate_control
    assert control.current_bitrate >= PROFILES["lan"].lowest
    kind = {"video/VP8": TunedVp8Encoder, "video/H264": TunedH264Encoder}[codec]
    assert isinstance(encoder, kind)
    assert [frame.number for frame in frames] == sorted({frame.number for frame in frames})


async def test_a_browser_that_can_is_told_to_show_frames_at_once(serve: Serve) -> None:
    async with Shopper(await serve(network="lan")) as shopper:
        offered = shopper.offer()
        offered["sdp"] += f"a=extmap:14 {URI}\r\n"
        async with shopper.http.post("/api/offer", json=offered) as response:
            answer = await response.json()
    assert f"a=extmap:14 {URI}" in answer["sdp"]


async def test_without_tuning_the_stream_works_as_well(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEARCAST_RTC_TUNING", "off")
    async with Shopper(await serve()) as shopper:
        await shopper.connect(garment="red")
        assert np.mean([frame.latency_s for frame in await shopper.see(10, worn="red")]) < 1
        receiver, _ = connection_of(shopper)
        assert not isinstance(receiver._RTCRtpReceiver__jitter_buffer, MarkerJitterBuffer)
