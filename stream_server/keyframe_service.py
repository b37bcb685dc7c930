"""Network keyframes for the live sessions of this server, when it makes any.

All sessions share one stack: on a GPU in a thread, on the processor in a process of its own.
Keyframes are extra: what goes wrong with them is counted, logged and told in the sessions' status,
and photo looks are worn meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import WeightsError
from pipeline.structures import Garment
from stream_server.engine import Trouble
from stream_server.errors import where
from stream_server.keyframe_process import ApartMaker
from stream_server.load import cores
from stream_server.metrics import Metrics

if TYPE_CHECKING:
    from pipeline.keyframes import KeyedLook, KeyframeDesk, KeyframeRoom, Maker, Wish
    from pipeline.looks.photo import PhotoLook
    from pipeline.stack import Stack

log = logging.getLogger(__name__)

GPU_BATCH, GPU_INTERVAL_S = 8, 0.2
CPU_BATCH, CPU_INTERVAL_S = 1, 0.5
LEAST_SPARE = 0.05  # of the time goes to a GPU's keyframes, however full the processor is


@dataclass(frozen=True, slots=True)
class Apart:
    """A stack for a process of its own.

    Attributes:
        load: makes it, in that process; a function of a module, so that it can be sent there.
    """

    load: Callable[[], Stack | None]


class KeyframeService:
    """Owns the stack and the room that makes keyframes.

    Args:
        load: makes the stack; seconds, and gigabytes. None as its result: no keyframes here.
        metrics: where to count.
    """

    def __init__(self, load: Callable[[], Stack | None] | Apart, metrics: Metrics) -> None:
        self._load = load
        self._metrics = metrics
        self._room: KeyframeRoom | None = None
        self._apart: ApartMaker | None = None
        self._told = False

    def open(self, look_of: Callable[[Garment], PhotoLook]) -> None:
        """Load and warm up the stack; call it in a thread, before the first session.

        Args:
            look_of: hands out photo looks.

        Raises:
            WearcastError: the stack was asked for and cannot be had.
        """
        if isinstance(self._load, Apart):
            self._apart = ApartMaker(self._load.load)
            self._open_room(self._apart, on_gpu=False)
            return
        stack = self._load()
        if stack is None:
            return
        from pipeline.keylooks import LookMaker

        on_gpu = stack.device.type == "cuda"
        if on_gpu:
            stack.warm_up()
        self._open_room(LookMaker(stack, look_of), on_gpu)

    def _open_room(self, maker: Maker, on_gpu: bool) -> None:
        from pipeline.keyframes import KeyframeRoom

        self._room = KeyframeRoom(
            _Counting(maker, self._metrics),
            batch=GPU_BATCH if on_gpu else CPU_BATCH,
            interval_s=GPU_INTERVAL_S if on_gpu else CPU_INTERVAL_S,
            busy=Spare() if on_gpu else lambda: 1.0,  # the other one paces itself
            on_fault=self._note,
        )
        log.info("keyframes are made on %s", "a GPU" if on_gpu else "the processor")

    def desk(self) -> KeyframeDesk | None:
        """A desk for one more session; None when no keyframes are made here."""
        return None if self._room is None else self._room.desk()

    @property
    def trouble(self) -> Trouble | None:
        """Whether the last batch failed."""
        failing = self._room is not None and self._room.failing
        return Trouble.KEYFRAMES_FAILING if failing else None

    def close(self) -> None:
        """End the room, also in the middle of a keyframe."""
        if self._room is not None:
            self._room.close()
        if self._apart is not None:
            self._apart.close()

    def _note(self, error: Exception) -> None:
        self._metrics.keyframe_failed()
        log.log(
            logging.INFO if self._told else logging.ERROR,
            "keyframes failed, photo looks are worn meanwhile: %s",
            where(error),
        )
        self._told = True


class Spare:
    """The share of the processor that this process left free since it was asked last."""

    def __init__(self) -> None:
        self._then = time.monotonic(), time.process_time()

    def __call__(self) -> float:
        """``LEAST_SPARE`` to 1."""
        now = time.monotonic(), time.process_time()
        wall_s, busy_s = (after - before for after, before in zip(now, self._then, strict=True))
        self._then = now
        return max(1.0 - busy_s / max(wall_s * cores(), 1e-6), LEAST_SPARE)


class _Counting:
    """A maker whose results are counted."""

    def __init__(self, make: Maker, metrics: Metrics) -> None:
        self._make = make
        self._metrics = metrics

    def __call__(
        self, wishes: Sequence[Wish], stopping: threading.Event
    ) -> Sequence[KeyedLook | None]:
        begin = time.perf_counter()
        looks = self._make(wishes, stopping)
        made = sum(look is not None for look in looks)
        self._metrics.keyframes(made, time.perf_counter() - begin)
        return looks


def stack_for(choice: str, *, commercial: bool) -> Callable[[], Stack | None] | Apart:
    """What ``--stack`` asks for, to be made later; whether it can be made is checked at once.

    Args:
        choice: ``auto``, ``off``, ``cpu`` or ``cuda``.
        commercial: use no weights that may not be used commercially.

    Raises:
        WeightsError: ``cpu`` or ``cuda`` without weights that may be used.
        InputError: ``cuda`` without a GPU.
    """
    from pipeline.checkpoints.neural_look import missing_weights, what_to_do

    missing = missing_weights()
    if choice == "off" or (choice == "auto" and missing):
        return lambda: None
    if missing:
        raise WeightsError(what_to_do(missing))
    if choice == "auto":
        return lambda: _load_if_possible(commercial)
    from pipeline.checkpoints.neural_look import forbidden_weights

    forbidden = forbidden_weights() if commercial else ()
    if forbidden:
        raise WeightsError(
            f"These weights may not be used commercially: {', '.join(forbidden)}."
            " Serve without --commercial, or with --stack off."
        )
    if choice == "cpu":
        return Apart(partial(_load, choice, commercial))
    from pipeline.stack.networks import choose_device

    choose_device(choice)
    return partial(_load, choice, commercial)


def _load_if_possible(commercial: bool) -> Stack | None:
    from pipeline.tryon import why_not

    reason = why_not(commercial)
    if reason:
        log.info("photo looks only: %s", reason)
        return None
    return _load("cuda", commercial)


def _load(device: str, commercial: bool) -> Stack:
    from pipeline.stack import FULL_HW, HALF_HW, Stack

    size_hw = HALF_HW if device == "cpu" else FULL_HW
    return Stack.load(device, size_hw=size_hw, commercial=commercial)
