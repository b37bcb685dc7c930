"""The garments on offer: a folder with one sub-folder per garment.

The folder is the whole truth. Several threads and processes may use it: a garment appears and
disappears with one rename, so nobody ever sees half of one.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
import time
import unicodedata
from collections import OrderedDict
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from pipeline.errors import GarmentUnknown, InputError, NotSupported
from pipeline.garments.cutout import Segment
from pipeline.garments.ingest import ingest_picture, scaled_to
from pipeline.garments.network_mask import network_mask
from pipeline.garments.store import (
    GARMENT_FILE,
    UPLOADED,
    GarmentEntry,
    load_entry,
    load_garment_folder,
    rename_garment,
    save_garment,
)
from pipeline.images import decode_image, encode_jpeg
from pipeline.structures import Category, Garment

log = logging.getLogger(__name__)

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ID_ROOM = 48  # characters of the name that go into an id; the rest is for a number
NAME_LIMIT = 80
HIDDEN = "."  # prefix of folders that are being written or thrown away
LITTER_AGE_S = 3600.0  # hidden folders this old were left by a crash
CACHED = 64  # garments kept in memory, about 1.3 MB each
NAMED_IN_ERRORS = 20  # more than our own garments: no other command lists them
ORIGINAL_LIMIT = 1600  # px, longer side of the kept photo
Entries = list[GarmentEntry]
LOWER_SENTENCE = (
    "This looks like trousers, shorts or a skirt, which cannot be worn here yet. Use a photo of a"
    " top or a dress, seen whole."
)
DEFAULTS = Path(__file__).parent / "defaults"


def is_id(text: str) -> bool:
    """Whether a text may name a garment; nothing else ever becomes part of a path."""
    return ID_PATTERN.fullmatch(text) is not None


def id_from_name(name: str) -> str:
    """A readable id: "Café Tee!" → "cafe-tee"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:ID_ROOM].strip("-") or "garment"


class Catalog:
    """A catalogue folder.

    Args:
        folder: made when it does not exist.
        segment: a further opinion on where the garment of an uploaded photo is.
    """

    def __init__(self, folder: Path, segment: Segment = network_mask) -> None:
        self.folder = Path(folder)
        self._segment = segment
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._garments: OrderedDict[str, tuple[int, Garment]] = OrderedDict()
        self._entries: dict[str, tuple[int, GarmentEntry | None]] = {}
        self._sweep()

    def list(self) -> Entries:
        """Every garment that can be read, by name. A damaged one is logged once and left out."""
        found = [self._entry(path) for path in sorted(self.folder.iterdir()) if is_id(path.name)]
        return sorted((e for e in found if e is not None), key=lambda e: (e.name.casefold(), e.id))

    def get(self, id: str) -> Garment:
        """The garment itself.

        Raises:
            GarmentUnknown: there is none; the message names a few that exist.
            InputError: its files are damaged.
        """
        folder = self._folder_of(id)
        stamp = _stamp(folder)
        with self._lock:
            cached = self._garments.get(id)
            if cached is not None and cached[0] == stamp:
                self._garments.move_to_end(id)
                return cached[1]
        garment = replace(load_garment_folder(folder), id=id)  # a renamed folder has a new id
        with self._lock:
            self._garments[id] = (stamp, garment)
            while len(self._garments) > CACHED:
                self._garments.popitem(last=False)
        return garment

    def add(self, image_bytes: bytes, name: str, category: Category | None = None) -> GarmentEntry:
        """Make a garment from an uploaded picture and keep it.

        Args:
            image_bytes: JPEG, PNG, WebP or BMP; what is transparent counts as cut out already.
            name: what a shopper reads; the id is made from it.
            category: overrules what the silhouette looks like.

        Raises:
            NotSupported: trousers, a skirt or shorts: nobody could wear them yet.
            InputError: the picture cannot be read or does not show one garment.
        """
        name = _clean_name(name)
        wanted = id_from_name(name)
        garment = ingest_picture(
            image_bytes, id=wanted, name=name, category=category, segment=self._segment
        )
        if garment.category is Category.LOWER:
            raise NotSupported(LOWER_SENTENCE)
        photo = encode_jpeg(scaled_to(decode_image(image_bytes), ORIGINAL_LIMIT, enlarge=False))
        hidden = Path(tempfile.mkdtemp(prefix=f"{HIDDEN}new-", dir=self.folder))
        try:
            for number in range(1, 10_000):
                id = wanted if number == 1 else f"{wanted}-{number}"
                if (self.folder / id).exists():
                    continue
                save_garment(replace(garment, id=id), hidden, photo, UPLOADED)
                if self._publish(hidden, id):
                    return load_entry(self.folder / id)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
        raise InputError(f"There are too many garments named “{name}”. Choose another name.")

    def rename(self, id: str, name: str) -> GarmentEntry:
        """Give a garment another name; its id stays.

        Raises:
            GarmentUnknown: there is none with this id.
            InputError: its files are damaged.
        """
        folder = self._folder_of(id)
        rename_garment(folder, _clean_name(name))
        return load_entry(folder)

    def remove(self, id: str) -> None:
        """Take a garment out of the catalogue. Raises ``GarmentUnknown``."""
        folder = self._folder_of(id)
        grave = Path(tempfile.mkdtemp(prefix=f"{HIDDEN}old-", dir=self.folder))
        try:
            folder.rename(grave / id)
        except OSError as error:
            if folder.exists():
                raise
            raise self._unknown(id) from error  # somebody else was faster
        finally:
            shutil.rmtree(grave, ignore_errors=True)
        with self._lock:
            self._garments.pop(id, None)
            self._entries.pop(id, None)

    def _publish(self, hidden: Path, id: str) -> bool:
        """Give a finished folder its name; False when somebody took the name meanwhile."""
        try:
            hidden.chmod(0o755)  # temporary folders are private
            hidden.rename(self.folder / id)
        except OSError:
            if (self.folder / id).exists():
                return False
            raise
        return True

    def _folder_of(self, id: str) -> Path:
        if not is_id(id) or not (self.folder / id / GARMENT_FILE).is_file():
            raise self._unknown(id)
        return self.folder / id

    def _unknown(self, id: str) -> GarmentUnknown:
        return _unknown(id, [entry.id for entry in self.list()])

    def _entry(self, folder: Path) -> GarmentEntry | None:
        if not folder.is_dir():
            return None
        stamp = _stamp(folder)
        with self._lock:
            cached = self._entries.get(folder.name)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        try:
            entry = load_entry(folder)
        except InputError as error:
            log.warning("left out of the catalogue: %s", error)
            entry = None
        with self._lock:
            self._entries[folder.name] = (stamp, entry)
        return entry

    def _sweep(self) -> None:
        """Remove what a crash left half written."""
        for path in self.folder.glob(f"{HIDDEN}new-*"):
            _remove_if_old(path)
        for path in self.folder.glob(f"{HIDDEN}old-*"):
            _remove_if_old(path)


def _remove_if_old(path: Path) -> None:
    try:
        old = time.time() - path.stat().st_mtime > LITTER_AGE_S
    except OSError:
        return  # another process swept it
    if old:
        shutil.rmtree(path, ignore_errors=True)


def _stamp(folder: Path) -> int:
    """Changes whenever the garment's files do."""
    try:
        return max(folder.stat().st_mtime_ns, (folder / GARMENT_FILE).stat().st_mtime_ns)
    except OSError:
        return 0


def _clean_name(name: str) -> str:
    printable = "".join(c for c in name if c.isprintable())
    return " ".join(printable.split())[:NAME_LIMIT].strip() or "Garment"


def _unknown(id: str, known: list[str]) -> GarmentUnknown:
    shown = ", ".join(known[:NAMED_IN_ERRORS]) + (", …" if len(known) > NAMED_IN_ERRORS else "")
    hint = f"Known garments: {shown}." if known else "The catalogue is empty."
    if alike := get_close_matches(id, known, 1):
        hint = f"Did you mean “{alike[0]}”? {hint}"
    return GarmentUnknown(f"There is no garment “{id[:NAME_LIMIT]}”. {hint}")


def seed_defaults(folder: Path) -> None:
    """Start a new catalogue with our own garments; an existing folder is left as it is.

    Raises:
        InputError: the place is taken by a file.
    """
    folder = Path(folder)
    if folder.is_file():
        raise InputError(f"The catalogue {folder} is a file. Name a folder.")
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=f"{HIDDEN}seed-", dir=folder.parent))
    try:
        if DEFAULTS.is_dir():
            shutil.copytree(DEFAULTS, hidden, dirs_exist_ok=True)
        hidden.chmod(0o755)
        hidden.rename(folder)
    except OSError:
        if not folder.exists():  # otherwise somebody else was faster
            raise
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def load_garment(id_or_path: str | Path, catalog: Path | None = None) -> Garment:
    """Find a garment by whatever the user gave.

    Args:
        id_or_path: a picture file, a garment folder, or the id of a garment.
        catalog: folder in which an id is looked up first, before our built-in garments.

    Raises:
        GarmentUnknown: no such file or id.
        InputError: unreadable, or not a garment.
    """
    path = Path(id_or_path)
    if path.is_file():
        id = id_from_name(path.stem)
        return ingest_picture(
            path.read_bytes(), id=id, name=path.stem, what=str(path), segment=network_mask
        )
    if path.is_dir() and (path / GARMENT_FILE).is_file():
        return load_garment_folder(path)
    text = str(id_or_path)
    places = [place for place in (catalog, DEFAULTS) if place is not None and place.is_dir()]
    if is_id(text):
        for place in places:
            if (place / text / GARMENT_FILE).is_file():
                return replace(load_garment_folder(place / text), id=text)
    elif path.suffix or len(path.parts) > 1:
        raise GarmentUnknown(f"There is no picture or garment folder at {text}. Check the path.")
    known = sorted({p.name for place in places for p in place.iterdir() if is_id(p.name)})
    raise _unknown(text, known)
