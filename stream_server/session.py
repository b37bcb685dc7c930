"""One shopper's session: connection, worker and control channel, and their common end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from pipeline.errors import WearcastError
from pipeline.structures import Garment, Reason
from stream_server import messages
from stream_server.adaptation import Adaptation
from stream_server.channels import Channels
from stream_server.deadlines import Deadlines, Overdue, Timing
from stream_server.engine import Live, Trouble
from stream_server.errors import ApiError, where
from stream_server.logs import LABEL_CHARS, SessionLog
from stream_server.messages import ClientMessage, State, Status
from stream_server.metrics import Metrics
from stream_server.offer import Offer, with_address
from stream_server.progress import Progress
from stream_server.quality import Governor, Quality
from stream_server.rtc_tuning import Repairs, TunedSender, Tuning
from stream_server.tracks import OutputTrack, read_newest
from stream_server.vitals import Vitals, read_line
from stream_server.worker import FrameWorker

log = logging.getLogger(__name__)

CODEC_ORDER = ("video/VP8", "video/H264", "video/rtx")  # aiortc's VP8 costs a quarter of H.264
FAREWELL_S = 0.3  # for a last word to reach the client


@dataclass(frozen=True, slots=True)
class Services:
    """What a session needs of the house.

    Attributes:
        make_live: makes the pipeline of one session, in a thread, whenever it can; None when the
            event was set first: the session has ended.
        fetch_garment: id → garment ready to wear; raises ``GarmentUnknown``.
        in_thread: runs a function off the event loop.
        metrics: where to count.
        tuning: of the connection.
        trouble: what does not work at the moment, though the session goes on.
    """

    make_live: Callable[[threading.Event], Live | None]
    fetch_garment: Callable[[str], Awaitable[Garment]]
    in_thread: Callable[..., Awaitable[Any]]
    metrics: Metrics
    tuning: Tuning
    trouble: Callable[[], Trouble | None] = lambda: None


class Session:
    """Everything of one connection. ``close`` ends it, whoever calls and however often.

    Args:
        configuration: of the peer connection.
        services: of the house.
        on_closed: called once, when nothing of the session is left.
        timing: deadlines.
        peer: IP address of the client, if it is known.
    """

    def __init__(
        self,
        configuration: RTCConfiguration,
        services: Services,
        on_closed: Callable[[Session], None],
        timing: Timing,
        peer: str | None = None,
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.label = self.id[:LABEL_CHARS]
        self._log = SessionLog(log, self.label)
        self._services = services
        self._on_closed = on_closed
        self._timing = timing
        self._peer = peer
        self._repairs = Repairs()
        self._sender: TunedSender | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._channels = Channels(self._on_message)
        self._pending: list[str | None] = []  # at most one: the newest wish of the shopper
        self._choosing: asyncio.Task[None] | None = None
        self._skipped = 0
        self._blind = False
        self._left = threading.Event()
        now = time.monotonic()
        self._deadlines = Deadlines(timing, now)
        self._vitals = Vitals(services.metrics, now)
        self._pc = RTCPeerConnection(configuration)
        self._output = OutputTrack()
        self._worker = FrameWorker(  # last: from here on there are threads to end
            self._make_live, self._output.deliver, services.metrics, self.label
        )
        self._adaptation = Adaptation(Governor(), self._worker.economise, self._wish)
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_channel)
        self._pc.on("connectionstatechange", self._on_state)

    async def answer(self, offer: Offer) -> str:
        """Connect to the peer of a checked offer.

        Returns:
            The session description of the answer.

        Raises:
            ApiError: 400 when the two cannot agree; the session is then closed.
        """
        self._worker.mirror(offer.mirror)
        if offer.garment is not None:
            self._choose(offer.garment)
        try:
            sdp = with_address(offer.sdp, self._peer)
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            self._services.tuning.answer(self._pc.getTransceivers(), sdp)
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except Exception as error:  # aiortc raises whatever the description led to
            self._log.info("offer refused: %s", where(error))
            await self.close("offer refused")
            raise ApiError(
                400, "bad_offer", "No connection can be made from this offer."
            ) from error
        except asyncio.CancelledError:
            await self.close("offer withdrawn")
            raise
        self._spawn(self._supervise())
        return str(self._pc.localDescription.sdp)

    def ask_to_reconnect(self) -> None:
        """Tell the client that this server is about to end."""
        self._channels.tell(messages.reconnect())

    async def close(self, why: str) -> None:
        """End everything. Idempotent; returns when nothing is left, also if cancelled meanwhile."""
        await asyncio.shield(self._end(why))

    def _make_live(self) -> Live | None:
        return self._services.make_live(self._left)

    async def _close(self) -> None:
        self._left.set()
        try:
            own = asyncio.current_task()
            tasks = [task for task in self._tasks if task is not own]
            for task in tasks:
                task.cancel()
            self._output.stop()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._worker.close(self._timing.close)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pc.close(), self._timing.close)
        except Exception as error:
            self._log.error("closing failed: %s", where(error))
        finally:
            self._on_closed(self)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _end(self, why: str) -> asyncio.Task[None]:
        """Begin to close, from wherever; only the first cause counts."""
        if self._closing is None:
            self._log.info("closing: %s", why)
            self._services.metrics.session_end(why)
            self._closing = asyncio.create_task(self._close())
        return self._closing

    # -- what the connection tells us

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind != "video":
            return
        sender = self._pc.addTrack(self._output)
        self._sender = self._services.tuning.sender(sender, self._peer)
        codecs = RTCRtpSender.getCapabilities("video").codecs
        ranked = [c for name in CODEC_ORDER for c in codecs if c.mimeType == name]
        for transceiver in self._pc.getTransceivers():
            transceiver.setCodecPreferences(ranked)
            if transceiver.sender is sender:
                self._repairs = self._services.tuning.receiver(transceiver.receiver, self._peer)
        self._spawn(self._read(track))

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if not self._channels.adopt(channel):
            channel.close()

    async def _on_state(self) -> None:
        if self._pc.connectionState in ("failed", "closed"):
            self._end(f"connection {self._pc.connectionState}")

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame, skipped = await read_newest(track)
                self._skipped += skipped
                self._services.metrics.dropped("decode", skipped)
                self._deadlines.frame(time.monotonic())
                self._worker.submit(frame)
        except MediaStreamError:
            self._end("camera ended")

    # -- what the client tells us

    def _on_message(self, text: str | bytes) -> None:
        try:
            self._obey(messages.parse(text))
        except messages.BadMessage as error:
            self._channels.tell(messages.error(error.code, str(error)))

    def _obey(self, message: ClientMessage) -> None:
        now = time.monotonic()
        match message:
            case messages.Ping(t):
                self._deadlines.ping(now)
                self._channels.beat(messages.pong(t))
                return
            case messages.Select(garment):
                self._choose(garment)
            case messages.Mirror(on):
                self._worker.mirror(on)
            case messages.Pause(on):
                self._deadlines.pause(now, on=on)
                self._worker.pause(on)
        self._deadlines.active(now)

    def _choose(self, garment: str | None) -> None:
        """Note the newest wish; wishes that were overtaken are never loaded."""
        self._pending = [garment]
        if self._choosing is None or self._choosing.done():
            self._choosing = self._spawn(self._wear())

    async def _wear(self) -> None:
        await self._worker.started()
        while self._pending:
            wish = self._pending.pop()
            try:
                garment = None if wish is None else await self._services.fetch_garment(wish)
                await self._services.in_thread(self._worker.select, garment)
            except WearcastError as error:
                self._channels.tell(messages.error(error.code, str(error)))
            except Exception as error:
                self._log.error("select: %s", where(error))
                sentence = "This garment cannot be put on right now."
                self._channels.tell(messages.error("internal", sentence))
            else:
                self._channels.tell(messages.ready(wish))

    # -- the rhythm

    async def _supervise(self) -> None:
        """Report twice a second, adapt, and end the session when its time is over."""
        while True:
            begin = time.monotonic()
            await asyncio.sleep(self._timing.status)
            now = time.monotonic()
            self._deadlines.forgive(now - begin - self._timing.status)
            status = self._status()
            if status.state is State.DRESSED:
                self._deadlines.active(now)
            connected = self._pc.connectionState == "connected"
            overdue = self._deadlines.overdue(now, connected=connected)
            if overdue is not None:
                await self._run_out(overdue)
                return
            self._channels.beat(messages.status(status))
            if connected and self._vitals.due(now):
                await self._adapt(now)

    async def _run_out(self, overdue: Overdue) -> None:
        """End a session whose time is over, with a last word where somebody may hear it."""
        if overdue in (Overdue.IDLE, Overdue.LONGEST):
            idle = overdue is Overdue.IDLE
            self._channels.tell(messages.bye("idle") if idle else messages.reconnect())
            await asyncio.sleep(FAREWELL_S)
        self._end(overdue.value)

    async def _adapt(self, now: float) -> None:
        try:
            line = await read_line(self._pc)
        except Exception as error:  # the timers must go on, whatever aiortc's counters do
            if not self._blind:
                self._blind = True  # it would be a line a second, for as long as the session lasts
                self._log.error("no statistics: %s", where(error))
            return
        progress = self._worker.progress()
        left_out = self._left_out(progress)
        seen = self._vitals.measure(now, progress, left_out, self._repairs, line)
        if not progress.starting and not progress.paused:
            self._adaptation.update(now, seen)

    def _wish(self, quality: Quality, cause: str) -> None:
        rung = f"{quality.scale:g}@{quality.fps}"
        self._log.info("quality %s because of %s", rung, cause)
        self._services.metrics.quality_change(rung)
        if self._sender is not None:
            self._sender.limit(1000 * quality.kbps)
        self._channels.tell(messages.quality(quality, cause))

    def _left_out(self, progress: Progress) -> int:
        return self._skipped + progress.dropped + self._output.dropped

    def _status(self) -> Status:
        progress = self._worker.progress()
        return Status(
            state=state_of(progress),
            reason=self._reason(progress),
            look=progress.look,
            look_age_ms=progress.look_age_ms,
            fps=progress.fps,
            dropped=self._left_out(progress),
            stage_ms=progress.stage_ms,
            trouble=self._services.trouble(),
        )

    def _reason(self, progress: Progress) -> Reason | None:
        """A garment that is on its way is not "none chosen"."""
        choosing = self._choosing is not None and not self._choosing.done()
        if progress.reason is Reason.NO_GARMENT and choosing:
            return Reason.SETTLING
        return progress.reason


def state_of(progress: Progress) -> State:
    """One word for what a session is doing."""
    if progress.starting:
        return State.STARTING
    if progress.frames == 0:
        return State.WAITING
    if progress.paused:
        return State.PAUSED
    if progress.look != "none" and progress.reason is not Reason.WORKER_ERROR:
        return State.DRESSED
    return State.UNDRESSED
