"""Keyframes as looks: the stack behind ``keyframes.KeyframeRoom``, and behind recorded video."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipeline.body import BodyTracker
from pipeline.errors import PoseIncomplete
from pipeline.keyframes import KeyedLook, KeyframeDesk, Wish, moved
from pipeline.looks.draw import draw_look
from pipeline.looks.neural import NeuralLook, NothingDressed
from pipeline.looks.photo import PhotoLook
from pipeline.looks.shelf import LookShelf
from pipeline.structures import Frame, Garment, Pose

if TYPE_CHECKING:
    from pipeline.stack import Stack

INTERVAL_S = 0.5  # between the keyframes of a recorded video


class LookMaker:
    """Makes the looks of a batch of wishes; a ``keyframes.Maker``.

    Args:
        stack: ready to run.
        look_of: hands out photo looks, from which is taken what hands hide in a keyframe.
    """

    def __init__(self, stack: Stack, look_of: Callable[[Garment], PhotoLook] | None = None) -> None:
        self._stack = stack
        self._look_of = look_of or LookShelf().get

    def __call__(
        self, wishes: Sequence[Wish], stopping: threading.Event
    ) -> list[NeuralLook | None]:
        """One look per wish; None where the person cannot be dressed or nobody waits any more.

        Raises:
            KeyframeFailed: the networks gave no usable picture.
        """
        from pipeline.stack import KeyframeCancelled

        looks: list[NeuralLook | None] = [None] * len(wishes)
        orders = {}
        for index, wish in enumerate(wishes):
            try:
                orders[index] = self._stack.prepare(wish.frame, wish.pose, wish.garment)
            except PoseIncomplete:
                continue
        try:
            made = self._stack.make(list(orders.values()), lambda: not stopping.is_set())
        except KeyframeCancelled:
            return looks
        for index, keyframe in zip(orders, made, strict=True):
            wish = wishes[index]
            body = BodyTracker().update(wish.pose, 0.0)
            under = draw_look(self._look_of(wish.garment), body, wish.frame.size_wh)
            try:
                looks[index] = NeuralLook(keyframe, wish.garment, under)
            except NothingDressed:
                continue
        return looks


class RecordedKeyframes:
    """Keyframes on a video's own clock: the same video gives the same ones, however slow they are.

    Use ``look`` as ``keyed`` of one ``live.LiveTryOn``.

    Args:
        maker: makes them.
        interval_s: least time between two.

    Attributes:
        made: how many were made.
    """

    def __init__(self, maker: LookMaker, interval_s: float = INTERVAL_S) -> None:
        self._maker = maker
        self._interval_s = interval_s
        self._last: tuple[Garment, Pose, float, NeuralLook | None] | None = None
        self._scene: int | None = None
        self.made = 0

    def look(self, frame: Frame, pose: Pose, scene: int, garment: Garment) -> NeuralLook | None:
        """The keyframe to wear in a frame, made now if one is due."""
        if scene != self._scene:
            self._scene, self._last = scene, None
        if self._last is None or self._due(frame, pose, garment):
            wish = Wish(frame, pose, garment, frame.time_s)
            found = self._maker([wish], threading.Event())[0]
            self.made += found is not None
            self._last = (garment, pose, frame.time_s, found)
        return self._last[3]

    def _due(self, frame: Frame, pose: Pose, garment: Garment) -> bool:
        assert self._last is not None
        worn, before, time_s, look = self._last
        if worn is not garment:
            return True
        return frame.time_s - time_s >= self._interval_s and (look is None or moved(before, pose))


class LiveKeyframes:
    """Keyframes of one live session, made beside its frames, which never wait for one.

    Use ``look`` as ``keyed`` of one ``live.LiveTryOn``.

    Args:
        desk: of this session.
    """

    def __init__(self, desk: KeyframeDesk) -> None:
        self._desk = desk
        self._scene = 0

    def look(self, frame: Frame, pose: Pose, scene: int, garment: Garment) -> KeyedLook | None:
        """The newest keyframe that fits; the frame is offered for the next one."""
        if scene != self._scene:
            self._scene = scene
            self._desk.reset()
        self._desk.offer(frame, pose, garment)
        made = self._desk.look(pose, garment)
        return None if made is None else made.look
