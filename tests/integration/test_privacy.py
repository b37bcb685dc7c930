"""The promise of the pages, proved: camera pictures go nowhere but back, and onto no disk.

The real server runs under strace, which writes down every address it sends to and every file it
opens for writing, while a photo is dressed and a live session runs.
"""

from __future__ import annotations

import asyncio
import fractions
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from pipeline.images import decode_image, read_image
from pipeline.samples import ASTRONAUT, astronaut
from stream_server.tls import lan_addresses

STRACE = shutil.which("strace")
SENDING = ("connect", "sendto", "sendmsg", "sendmmsg")
STORING = ("open", "openat", "creat", "link", "linkat", "write", "writev", "pwrite64")
CALLS = ",".join((*SENDING, *STORING, "rename", "renameat", "renameat2"))
START_S, FRAMES = 90.0, 40
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
WRITING = re.compile(
    r'(?:open|openat|creat)\((?:AT_FDCWD[^,]*, )?"([^"]*)".*O_(?:WRONLY|RDWR|CREAT)'
)
UNNAMED = re.compile(r"(?:write|writev|pwrite64)\(\d+<[^>]*\(deleted\)>.* = (\d+)$")
MESSAGES_BYTES = 8 * 1024
NO_FILES = ("/dev/", "/proc/", "/sys/")
CLOCK_HZ = 90_000

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


class Camera(MediaStreamTrack):
    """A person who stands still, 20 times a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._picture = VideoFrame.from_ndarray(astronaut(), format="rgb24").reformat(
            width=320, height=320, format="yuv420p"
        )
        self._count = 0

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(0.05)
        frame = self._picture.reformat(format="yuv420p", width=320, height=320)
        frame.pts, frame.time_base = self._count * 4500, fractions.Fraction(1, CLOCK_HZ)
        self._count += 1
        return frame


class Traced:
    """The server under strace; ``log`` is what strace wrote."""

    def __init__(self, folder: Path) -> None:
        self.log_file = folder / "strace.log"
        assert STRACE is not None
        tracing = ["-f", "-y", "--seccomp-bpf", "-ttt", "-s", "256", "-e", f"trace={CALLS}"]
        serving = ["-m", "stream_server.cli", "serve", "--port", "0"]
        command = [STRACE, *tracing, "-o", str(self.log_file), sys.executable, *serving]
        command += ["--catalog", str(folder / "catalog")]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split(" at ")[1].strip().rstrip("/")

    def end(self) -> None:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in children.split():
            os.kill(int(pid), signal.SIGTERM)
        self.process.communicate(timeout=30)

    def lines(self) -> list[tuple[float, str]]:
        """Time and text of every call."""
        found = []
        for line in self.log_file.read_text(errors="replace").splitlines():
            match = re.match(r"\d+\s+(\d+\.\d+) (.*)", line)
            if match:
                found.append((float(match[1]), match[2]))
        return found


@pytest.fixture
async def traced(tmp_path: Path) -> AsyncIterator[Traced]:
    traced = Traced(tmp_path)
    try:
        yield traced
    finally:
        if traced.process.poll() is None:
            traced.end()


async def until_ready(http: aiohttp.ClientSession) -> None:
    deadline = time.monotonic() + START_S
    while (await http.get("/readyz")).status != 200:
        assert time.monotonic() < deadline, "never ready"
        await asyncio.sleep(0.1)


async def dress_photo(http: aiohttp.ClientSession, garment: str) -> None:
    form = aiohttp.FormData()
    form.add_field("garment", garment)
    form.add_field("person", ASTRONAUT.read_bytes(), filename="me.png")
    async with http.post("/api/tryon", data=form) as response:
        assert response.status == 200
        dressed = decode_image(await response.read())
    changed = (dressed != read_image(ASTRONAUT)).any(axis=2).mean()
    assert 0.05 < changed < 0.9


async def live_session(http: aiohttp.ClientSession, garment: str) -> list[str]:
    """Run one; gives the states that the server told."""
    states: list[str] = []
    dressed = asyncio.Event()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    frames: asyncio.Queue[VideoFrame] = asyncio.Queue()
    watching: list[asyncio.Task[None]] = []

    async def watch(track: MediaStreamTrack) -> None:
        while True:
            frames.put_nowait(await track.recv())

    connection.on("track", lambda track: watching.append(asyncio.ensure_future(watch(track))))
    camera = Camera()
    connection.addTrack(camera)
    control = connection.createDataChannel("control")

    @control.on("message")
    def hear(text: str) -> None:
        states.append(json.loads(text).get("state"))
        if states[-1] == "dressed":
            dressed.set()

    await connection.setLocalDescription(await connection.createOffer())
    offer = {"type": "offer", "sdp": connection.localDescription.sdp, "garment": garment}
    answer = await (await http.post("/api/offer", json=offer)).json()
    await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    async with asyncio.timeout(30):
        for _ in range(FRAMES):
            await frames.get()
        await dressed.wait()
    camera.stop()
    await http.delete(f"/api/sessions/{answer['session']}")
    await connection.close()
    await asyncio.gather(*watching, return_exceptions=True)
    return states


async def test_pictures_go_nowhere_but_back_and_onto_no_disk(traced: Traced) -> None:
    async with aiohttp.ClientSession(base_url=traced.url) as http:
        await until_ready(http)
        (garment, *_) = [g["id"] for g in await (await http.get("/api/garments")).json()]
        begin = time.time()
        await dress_photo(http, garment)
        states = await live_session(http, garment)
        end = time.time()
    traced.end()
    assert "dressed" in states
    calls = traced.lines()
    sent = {a or b for _, line in calls for a, b in ADDRESS.findall(line)}
    here = {"127.0.0.1", "::1", "0.0.0.0", "::", *lan_addresses()}
    assert sent, "strace saw no network at all: the test would prove nothing"
    assert sent <= here
    written = [(at, match[1]) for at, line in calls if (match := WRITING.search(line))]
    assert any("garment.json" in path for _, path in written), "strace saw no file written at all"
    dressing = [(line, WRITING.search(line)) for at, line in calls if begin <= at <= end]
    opened = {path[1] for line, path in dressing if path and "O_TMPFILE" not in line}
    assert {path for path in opened if not path.startswith(NO_FILES)} == set()
    # MediaPipe's start messages are caught in a file without a name; a picture would not fit
    caught = [int(size[1]) for line, _ in dressing if (size := UNNAMED.match(line))]
    assert sum(caught) < MESSAGES_BYTES
