"""Keyframes on the processor: made in a process of their own, from what frames leave of it.

A thread would hold frames up whatever its priority: whenever it is put aside while it holds the
interpreter's lock, every frame waits until the machine has nothing better to do. Two processes
share no lock.

    server: ApartMaker ── garments, wishes ──▶ process: LookMaker(stack)
                       ◀────── looks ────────

Garments travel once. The process ends with its pipe, so it outlives no server by more than one
keyframe.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import WearcastError
from pipeline.structures import Garment
from stream_server.errors import where
from stream_server.load import cores
from stream_server.pacing import Pace

if TYPE_CHECKING:
    from pipeline.keyframes import KeyedLook, Wish
    from pipeline.stack import Stack

LOWEST_PRIORITY = 19
GARMENTS_KEPT = 32  # a few MB each, in the process
STOP_POLL_S = 0.2  # how often a waiting thread looks whether it should stop
END_S = 2.0  # for the process to end by itself once it is told
PICKLE = pickle.HIGHEST_PROTOCOL

Load = Callable[[], "Stack | None"]


class KeyframesEnded(WearcastError):
    """The process that makes keyframes failed or is gone."""

    code = "keyframes_ended"


class ApartMaker:
    """A ``keyframes.Maker`` that works in another process. For one thread at a time.

    Args:
        load: makes the stack, in the process; a function of a module, so that it can be sent.

    Raises:
        KeyframesEnded: the stack could not be made; the message says why.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._garments: OrderedDict[int, Garment] = OrderedDict()
        self._next_key = 0
        self._process: Any = None  # spawned; its class is not public
        self._pipe: Connection | None = None
        self._start(threading.Event(), at_once=True)

    def __call__(
        self, wishes: Sequence[Wish], stopping: threading.Event
    ) -> Sequence[KeyedLook | None]:
        """One look per wish; None for all of them when it was stopped.

        Raises:
            KeyframesEnded: the process failed; it is started anew by the next call.
        """
        try:
            if self._pipe is None and not self._start(stopping):
                return [None] * len(wishes)
            for wish in wishes:
                self._introduce(wish.garment)
            self._send(("make", list(wishes)))
            made = self._answer(stopping)
        except (EOFError, OSError) as error:
            self.close()
            raise KeyframesEnded("The process that makes keyframes is gone.") from error
        return [None] * len(wishes) if made is None else made

    def close(self) -> None:
        """End the process, also in the middle of a keyframe. May be called twice."""
        if self._pipe is None:
            return
        self._pipe.close()
        self._pipe = None
        self._garments.clear()
        self._process.terminate()
        self._process.join(END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def _start(self, stopping: threading.Event, *, at_once: bool = False) -> bool:
        """Start the process and wait for its stack; False when it was stopped.

        Args:
            stopping: give up when it is set.
            at_once: there are no frames yet that the start could disturb.
        """
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=serve_keyframes,
            args=(theirs, self._load, at_once),
            name="keyframes",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        try:
            return self._answer(stopping) is not None
        except EOFError as error:
            self.close()
            raise KeyframesEnded("The process that makes keyframes did not start.") from error
        except KeyframesEnded:
            self.close()
            raise

    def _introduce(self, garment: Garment) -> None:
        """Send a garment that the process does not know yet."""
        for key, known in self._garments.items():
            if known is garment:
                self._garments.move_to_end(key)
                return
        if len(self._garments) >= GARMENTS_KEPT:
            self._send(("forget", self._garments.popitem(last=False)[0]))
        key, self._next_key = self._next_key, self._next_key + 1
        self._send(("garment", (key, _contents(garment))))
        self._garments[key] = garment

    def _send(self, message: tuple[str, Any]) -> None:
        assert self._pipe is not None
        self._pipe.send_bytes(_packed(message, self._garments))

    def _answer(self, stopping: threading.Event) -> Any:
        """What the process says; None when it was stopped, and then the process is ended."""
        assert self._pipe is not None
        while not self._pipe.poll(STOP_POLL_S):
            if stopping.is_set():
                self.close()
                return None
        kind, value = _unpacked(self._pipe.recv_bytes(), self._garments)
        if kind == "failed":
            raise KeyframesEnded(value)
        return value


def serve_keyframes(pipe: Connection, load: Load, at_once: bool) -> None:
    """The process: make what is asked for until the pipe ends.

    Args:
        pipe: to the server.
        load: makes the stack.
        at_once: load it at the priority of the server.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this
    pace = Pace()
    if not at_once:
        yield_cores()
    with suppress(EOFError, OSError):  # the server is gone
        try:
            with nullcontext() if at_once else pace.in_slices():
                stack = load()
            if stack is None:
                raise KeyframesEnded("There is no stack.")
            from pipeline.keylooks import LookMaker

            maker = LookMaker(stack)
        except Exception as error:
            pipe.send_bytes(_packed(("failed", _told(error)), {}))
            return
        if at_once:
            yield_cores()
        pipe.send_bytes(_packed(("ready", True), {}))
        _make_until_end(pipe, maker, pace)


def _make_until_end(pipe: Connection, maker: Callable[..., Any], pace: Pace) -> None:
    garments: dict[int, Garment] = {}
    never = threading.Event()  # to stop it, the server ends this process
    while True:
        kind, value = _unpacked(pipe.recv_bytes(), garments)
        if kind == "garment":
            key, contents = value
            garments[key] = Garment(**contents)
        elif kind == "forget":
            del garments[value]
        else:
            try:
                with pace.in_slices():
                    answer = ("made", maker(value, never))
            except Exception as error:
                answer = ("failed", _told(error))
            pipe.send_bytes(_packed(answer, garments))
            pace.rest()


def _threads() -> list[int]:
    """Ids of the threads of this process; 0, the calling one, where the system does not tell."""
    tasks = Path("/proc/self/task")
    return [int(task.name) for task in tasks.iterdir()] if tasks.exists() else [0]


def yield_cores() -> None:
    """Give this process what the frames leave of the processor, and torch few threads.

    Linux lets go of such a process the moment that another one of its session wants to run; the
    lowest nice value alone would keep the processor for the rest of a time slice, at every step of
    every frame. Elsewhere that value must do, and on Windows only the threads are limited.
    """
    import cv2
    import torch

    for thread in _threads():
        if hasattr(os, "SCHED_IDLE"):
            with suppress(OSError):  # a sandbox may not allow it; or the thread has ended
                os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread, LOWEST_PRIORITY)
    cv2.setNumThreads(1)
    torch.set_num_threads(max(1, cores() // 2))


def _told(error: Exception) -> str:
    """A sentence of ours, or else only where it happened: a message may hold a user's data."""
    return str(error) if isinstance(error, WearcastError) else where(error)


def _contents(garment: Garment) -> dict[str, Any]:
    return {name: getattr(garment, name) for name in garment.__slots__}


class _Pickler(pickle.Pickler):
    """Writes known garments as their keys."""

    def __init__(self, file: io.BytesIO, garments: Mapping[int, Garment]):
        super().__init__(file, PICKLE)
        self._keys = {id(garment): key for key, garment in garments.items()}

    def persistent_id(self, obj: object) -> int | None:
        return self._keys[id(obj)] if isinstance(obj, Garment) else None


class _Unpickler(pickle.Unpickler):
    """Finds known garments by their keys. Only for what this program has written itself."""

    def __init__(self, file: io.BytesIO, garments: Mapping[int, Garment]):
        super().__init__(file)
        self._garments = garments

    def persistent_load(self, key: int) -> Garment:
        return self._garments[key]


def _packed(message: tuple[str, Any], garments: Mapping[int, Garment]) -> memoryview:
    file = io.BytesIO()
    _Pickler(file, garments).dump(message)
    return file.getbuffer()


def _unpacked(message: bytes, garments: Mapping[int, Garment]) -> tuple[str, Any]:
    found: tuple[str, Any] = _Unpickler(io.BytesIO(message), garments).load()
    return found
