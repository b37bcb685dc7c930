"""Looks made once per garment and shared by all sessions."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from pipeline.looks.photo import PhotoLook
from pipeline.structures import Garment

CAPACITY = 64  # a look holds a few MB; a shop's rail is shorter than this


class LookShelf:
    """Keeps the looks of the garments worn last. Safe to use from any thread.

    Making a look takes some tenths of a second, far longer than a shopper waits for a switch;
    a look holds no state of a session, so one serves all.

    Attributes:
        capacity: how many looks are kept.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._looks: OrderedDict[str, PhotoLook] = OrderedDict()
        self._lock = Lock()

    def get(self, garment: Garment) -> PhotoLook:
        """Return the look of a garment, made now if need be; a changed garment gets a new one.

        Raises:
            NotSupported: lower garments.
        """
        with self._lock:
            known = self._looks.get(garment.id)
            if known is not None and known.garment is garment:
                self._looks.move_to_end(garment.id)
                return known
        made = PhotoLook(garment)  # outside the lock: others must not wait for it
        with self._lock:
            self._looks[garment.id] = made
            self._looks.move_to_end(garment.id)
            while len(self._looks) > self.capacity:
                self._looks.popitem(last=False)
        return made
