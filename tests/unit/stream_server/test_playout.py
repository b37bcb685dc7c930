from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.rtp import HeaderExtensions, RtpPacket, unpack_header_extensions

from stream_server.playout import URI, ImmediateExtensions, agree_on_no_delay

ABS_SEND_TIME = RTCRtpHeaderExtensionParameters(
    id=3, uri="http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)


def transceiver() -> Any:
    return SimpleNamespace(_headerExtensions=[ABS_SEND_TIME])


@pytest.mark.parametrize("line", [f"a=extmap:5 {URI}", f"a=extmap:5/sendonly {URI}"])
def test_an_offer_with_the_extension_gets_it_once_under_its_own_number(line: str) -> None:
    one = transceiver()
    for _ in range(2):
        agree_on_no_delay(one, f"v=0\r\n{line}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n")
    assert [(known.id, known.uri) for known in one._headerExtensions] == [
        (3, ABS_SEND_TIME.uri),
        (5, URI),
    ]


@pytest.mark.parametrize("line", ["a=mid:0", f"a=extmap:5 {URI}-of-another-kind"])
def test_an_offer_without_it_is_answered_without_it(line: str) -> None:
    one = transceiver()
    agree_on_no_delay(one, f"v=0\r\n{line}\r\n")
    assert one._headerExtensions == [ABS_SEND_TIME]


def test_every_packet_says_that_it_is_to_be_shown_at_once() -> None:
    extensions = ImmediateExtensions()
    extensions.configure(
        SimpleNamespace(
            headerExtensions=[ABS_SEND_TIME, RTCRtpHeaderExtensionParameters(id=5, uri=URI)]
        )
    )
    profile, value = extensions.set(HeaderExtensions(abs_send_time=0x123456))
    assert unpack_header_extensions(profile, value) == [(3, b"\x12\x34\x56"), (5, bytes(3))]
    packet = RtpPacket(payload_type=97, sequence_number=7, payload=b"picture")
    packet.extensions.abs_send_time = 0x123456
    back = RtpPacket.parse(packet.serialize(extensions), extensions)
    assert (back.payload, back.extensions.abs_send_time) == (b"picture", 0x123456)


def test_without_agreement_packets_stay_as_they_are() -> None:
    extensions = ImmediateExtensions()
    extensions.configure(SimpleNamespace(headerExtensions=[ABS_SEND_TIME]))
    _, value = extensions.set(HeaderExtensions(abs_send_time=1))
    assert unpack_header_extensions(0xBEDE, value) == [(3, b"\x00\x00\x01")]
