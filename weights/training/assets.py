"""What the generator is made from: every file by its SHA-256, with licence and source.

``assets.json`` is the list. Nothing that is not on it is read, and nothing that has changed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

LIST = Path(__file__).parent / "assets.json"
NAMES_SHOWN = 5  # in an error


def check_assets(data: Path) -> None:
    """Compare the unpacked assets under ``data`` with the list.

    Raises:
        SystemExit: files are missing, others than listed, or not on the list; says which.
    """
    folders = json.loads(LIST.read_text())["folders"]
    wrong = [
        f"{folder}/{name}"
        for folder, files in folders.items()
        for name, digest in files.items()
        if _digest(data / folder / name) != digest
    ]
    used = [p for p in (data / "makehuman").glob("*/*/*.mhclo") if p.parts[-3] != "eyelashes"]
    strange = [
        str(p.relative_to(data))
        for p in used
        if str(p.relative_to(data / "makehuman")) not in folders["makehuman"]
    ]
    if wrong or strange:
        names = ", ".join((wrong + strange)[:NAMES_SHOWN])
        raise SystemExit(
            f"{len(wrong)} assets are missing or not the listed ones, {len(strange)} are not"
            f" listed: {names}. See weights/training/README.md for where they come from."
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
