"""Garments that visitors add for themselves: listed, worn and removed by nobody else.

Each visitor's lie in a folder of their own inside the catalogue, named after a hash of the
visitor's cookie; the hash begins their ids too (``own.HASH.blue-tee``), so that none is ever
called like one of the shop's or of somebody else. Some time after the last one was added they go,
and earlier when the disk space for all of them is used up: those of whoever was quiet for longest.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import GarmentUnknown, InputError
from pipeline.structures import Category, Garment, Sleeves
from stream_server.engine import Entry, Shelf
from stream_server.errors import ApiError

log = logging.getLogger(__name__)

FOLDER = ".visitors"  # no garment's folder begins with a dot
OWN = "own."
GONE = "This garment is not here any more. Pick another one."
HASH_CHARS = 32
MOST_GARMENTS = 20  # of one visitor
MOST_OPEN = 16  # visitors whose garments are kept in memory
DISK_BLOCK = 512  # bytes; the unit of ``st_blocks``, whatever the file system's own is


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """A line of a visitor's own catalogue; see ``engine.Entry``."""

    id: str
    name: str
    category: Category
    sleeves: Sleeves
    notice: str
    thumbnail: Path
    image: Path


class Wardrobes:
    """The folders of all visitors. Its methods touch the disk: call them in threads.

    Args:
        catalog: folder of the shop's catalogue.
        open_shelf: opens a folder that exists.
        kept_s: seconds until a visitor's garments go, from the last change on; 0 keeps them.
        most_bytes: on the disk, of all visitors together; 0 is no limit.
    """

    def __init__(
        self,
        catalog: Path,
        open_shelf: Callable[[Path], Shelf],
        kept_s: float = 0.0,
        most_bytes: float = 0.0,
    ) -> None:
        self._folder = catalog / FOLDER
        self._open_shelf = open_shelf
        self._kept_s = kept_s
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._shelves: OrderedDict[Path, Shelf] = OrderedDict()

    def of(self, visitor: str, *, make: bool = False) -> Shelf | None:
        """A visitor's shelf; None when they have none, or none any more."""
        folder = self._folder / hash_of(visitor)
        with self._lock:
            if not self._is_there(folder):
                if not make:
                    return None
                folder.mkdir(parents=True)
            shelf = self._shelves.get(folder) or self._open_shelf(folder)
            self._shelves[folder] = shelf
            self._shelves.move_to_end(folder)
            if len(self._shelves) > MOST_OPEN:
                self._shelves.popitem(last=False)
            return shelf

    def leave(self, visitor: str) -> None:
        """Take a visitor's folder away if nothing is in it."""
        folder = self._folder / hash_of(visitor)
        with self._lock, contextlib.suppress(OSError):  # there are garments in it
            folder.rmdir()
            self._shelves.pop(folder, None)

    def sweep(self) -> None:
        """Remove what nobody may see any more."""
        for folder in self._folder.glob("*"):
            with self._lock:
                self._is_there(folder)

    def make_room(self, visitor: str) -> None:
        """Keep to the disk limit before this visitor adds a garment.

        Those who were quiet for longest lose theirs first. Garments that are worn at the moment
        stay worn: sessions have them in memory.

        Raises:
            ApiError: 507, the visitor's own garments alone take all the room.
        """
        if not self._most_bytes:
            return
        with self._lock:
            used = {folder: used_bytes(folder) for folder in self._oldest_first()}
            total = sum(used.values())
            own = self._folder / hash_of(visitor)
            for folder in used:
                if total < self._most_bytes:
                    return
                if folder != own:
                    self._remove(folder)
                    total -= used[folder]
                    log.warning("garments of a visitor removed: the disk limit is reached")
            if total >= self._most_bytes:
                raise ApiError(
                    507,
                    "storage_full",
                    "This mirror has no room for another garment. Remove one of yours first.",
                )

    def _oldest_first(self) -> list[Path]:
        changed_at: dict[Path, float] = {}
        for folder in self._folder.glob("*"):
            with contextlib.suppress(OSError):
                changed_at[folder] = folder.stat().st_mtime
        return sorted(changed_at, key=changed_at.__getitem__)

    def _is_there(self, folder: Path) -> bool:
        """Whether a visitor has a folder; one whose time is over is removed. Needs the lock."""
        try:
            age_s = time.time() - folder.stat().st_mtime
        except OSError:
            return False
        if not 0 < self._kept_s < age_s:
            return True
        self._remove(folder)
        return False

    def _remove(self, folder: Path) -> None:
        self._shelves.pop(folder, None)
        shutil.rmtree(folder, ignore_errors=True)


def used_bytes(folder: Path) -> int:
    """What a folder takes on the disk, with everything in it."""
    total = 0
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):  # it has just gone
            status = path.lstat()
            total += DISK_BLOCK * getattr(status, "st_blocks", -(-status.st_size // DISK_BLOCK))
    return total


def hash_of(visitor: str) -> str:
    """What stands for a visitor on the disk and in ids: who reads it cannot become them."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:HASH_CHARS]


class VisitorShelf:
    """The catalogue as one visitor sees it: what is their own, then what the shop offers.

    Args:
        shop: the garments for everybody.
        wardrobes: of all visitors.
        visitor: who asks; None for one who has added nothing.
    """

    def __init__(self, shop: Shelf, wardrobes: Wardrobes, visitor: str | None) -> None:
        self._shop = shop
        self._wardrobes = wardrobes
        self._visitor = visitor
        self._prefix = f"{OWN}{hash_of(visitor)}." if visitor else OWN

    def list(self) -> Sequence[Entry]:
        """One's own garments, then the shop's."""
        own = self._own()
        mine = () if own is None else own.list()
        return [*map(self._entry, mine), *self._shop.list()]

    def get(self, id: str, /) -> Garment:
        """A garment of one's own or of the shop; raises ``GarmentUnknown``."""
        if id.startswith(OWN):
            own, inner = self._find(id)
            return own.get(inner)
        return self._shop.get(id)

    def add(self, image_bytes: bytes, name: str, category: Category | None = None, /) -> Entry:
        """Add a garment for this visitor alone; raises ``GarmentRefused``, 507 and others."""
        assert self._visitor is not None, "name the visitor first"
        own = self._wardrobes.of(self._visitor, make=True)
        assert own is not None
        if len(own.list()) >= MOST_GARMENTS:
            raise InputError(
                f"You have {MOST_GARMENTS} garments of your own already. Remove one first."
            )
        try:
            self._wardrobes.make_room(self._visitor)
            return self._entry(own.add(image_bytes, name, category))
        except Exception:
            self._wardrobes.leave(self._visitor)  # or each refused photo would leave a folder
            raise

    def rename(self, id: str, name: str, /) -> Entry:
        """Rename a garment of one's own; raises as ``remove`` does."""
        own, inner = self._mine(id)
        return self._entry(own.rename(inner, name))

    def remove(self, id: str, /) -> None:
        """Remove a garment of one's own; raises ``GarmentUnknown``, and 403 for the shop's."""
        own, inner = self._mine(id)
        own.remove(inner)

    def _own(self) -> Shelf | None:
        return self._wardrobes.of(self._visitor) if self._visitor else None

    def _mine(self, id: str) -> tuple[Shelf, str]:
        """What may be changed, by its name on the own shelf."""
        if not id.startswith(OWN) and any(entry.id == id for entry in self._shop.list()):
            raise ApiError(403, "not_yours", "Only garments that you added can be changed.")
        return self._find(id)

    def _find(self, id: str) -> tuple[Shelf, str]:
        own = self._own()
        if own is None or not id.startswith(self._prefix):
            raise _unknown()
        return own, id.removeprefix(self._prefix)

    def _entry(self, entry: Entry) -> Entry:
        return OwnEntry(
            id=f"{self._prefix}{entry.id}",
            name=entry.name,
            category=entry.category,
            sleeves=entry.sleeves,
            notice=entry.notice,
            thumbnail=entry.thumbnail,
            image=entry.image,
        )


def _unknown() -> GarmentUnknown:
    return GarmentUnknown(GONE)
