"""Uploaded garments, cut out in a process of their own: no live picture waits for them.

A photo takes seconds of computing, on as many cores as there are. Here it takes one, and that one
only where live sessions leave it free; what a hostile picture breaks, and the memory that a
network takes, goes with the process.

The process (``python -m stream_server.cutting FOLDER``) reads a line of JSON and the photo, puts
the garment into the catalogue, and prints its id or the refusal as JSON.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import (
    GarmentRefused,
    ImageTooLarge,
    ImageUnreadable,
    InputError,
    NotSupported,
    WearcastError,
)
from pipeline.garments import Catalog, GarmentEntry
from pipeline.garments.network_mask import network_mask
from pipeline.garments.store import load_entry
from pipeline.structures import Category

NICENESS = 5  # a live session gets three times as much of a core; at 10 uploads starve beside four
LONGEST_S = 120.0  # 2 to 3 s of one core
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
REFUSALS: Mapping[str, type[WearcastError]] = {
    kind.code: kind
    for kind in (GarmentRefused, ImageTooLarge, ImageUnreadable, NotSupported, InputError)
}


class CuttingCatalog(Catalog):
    """A catalogue whose uploads are cut out in another process.

    Args:
        folder: as for ``Catalog``.
        commercial: use only networks whose licence allows commercial use.
    """

    def __init__(self, folder: Path, *, commercial: bool = False) -> None:
        super().__init__(folder)
        self._commercial = commercial

    def add(self, image_bytes: bytes, name: str, category: Category | None = None) -> GarmentEntry:
        """Make a garment from an uploaded picture and keep it; see ``Catalog.add``.

        Raises:
            InputError: the picture cannot be read, does not show one garment, or takes too long.
        """
        order = {"name": name, "category": category, "commercial": self._commercial}
        answer = _ask(self.folder, json.dumps(order).encode() + b"\n" + image_bytes)
        if "error" in answer:
            raise REFUSALS.get(answer["error"], InputError)(answer["message"])
        return load_entry(self.folder / answer["id"])


def _ask(folder: Path, request: bytes) -> Mapping[str, Any]:
    """Let the other process work, and read its answer."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(folder.resolve())],
            input=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # traces would hold a shopper's data
            timeout=LONGEST_S,
            env={**os.environ, **THREADS},
            # Ctrl-C is for the server; a session of its own would undo the niceness, because
            # Linux shares a core evenly between sessions
            process_group=0 if os.name == "posix" else None,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            "This photo took too long to cut out. Try a smaller one, or one with a plainer"
            " background."
        ) from error
    if done.returncode != 0:
        raise RuntimeError(f"cutting out ended with code {done.returncode}")
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """The other process: one garment, from standard input into the catalogue."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    order = json.loads(sys.stdin.buffer.readline())
    category = None if order["category"] is None else Category(order["category"])
    segment = functools.partial(network_mask, commercial=order["commercial"])
    catalog = Catalog(Path(sys.argv[1]), segment)
    try:
        entry = catalog.add(sys.stdin.buffer.read(), order["name"], category)
        answer = {"id": entry.id}
    except WearcastError as error:
        answer = {"error": error.code, "message": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
