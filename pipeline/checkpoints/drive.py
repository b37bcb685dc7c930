"""Files on Google Drive, through gdown, which knows its confirmation pages."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.checkpoints.http import MAX_BYTES, TIMEOUT_S, Report, SourceFailed, WrongFile

LIBRARY = "gdown"
INSTALL = ".venv/bin/pip install 'gdown>=6.5'"


@dataclass(frozen=True, slots=True)
class DriveSource:
    """A file that anybody with its id may download.

    Attributes:
        id: Google's name for it.
        expected: its size in bytes, when known.
    """

    id: str
    expected: int | None = None

    def receive(self, part: Path, report: Report) -> None:
        """Fetch into ``part``, going on with what an interrupted run left beside it.

        Raises:
            SourceFailed: the library is missing, Drive is not reachable or refuses.
        """
        gdown = _library()

        def follow(done: int, total: int | None) -> None:
            if done > (self.expected or MAX_BYTES):
                raise WrongFile(f"Google Drive has another file than {part.stem}: it is larger.")
            report(done, total)

        staged = part.with_name(f"{part.stem}.{self.id}{part.suffix}")
        try:
            gdown.download(
                id=self.id,
                output=os.fspath(staged),
                quiet=True,
                resume=True,
                use_cookies=False,
                timeout=TIMEOUT_S,
                progress=follow,
            )
            staged.replace(part)
        except WrongFile:
            remove_leftovers(part)
            raise
        except TypeError as error:
            raise SourceFailed(
                f"The {LIBRARY} that is installed is too old: {INSTALL} --upgrade."
            ) from error
        except OSError as error:
            if error.errno is not None:  # a matter of this machine's disk
                raise
            raise SourceFailed("Google Drive cannot be reached.") from error
        except Exception as error:  # it raises whatever its own libraries raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SourceFailed(
                f"Google Drive gave nothing ({reason}). It limits how often a file may be"
                f" downloaded a day; in a browser: https://drive.google.com/file/d/{self.id}"
            ) from error


def _library() -> Any:
    try:
        return importlib.import_module(LIBRARY)
    except ImportError as error:
        raise SourceFailed(
            f"Files on Google Drive need the library {LIBRARY}, which is not installed:"
            f" {INSTALL}. Or download the file in a browser and `wearcast weights import` it."
        ) from error


def remove_leftovers(part: Path) -> None:
    """Delete everything that a download into ``part`` can have left."""
    for path in part.parent.glob(f"{part.stem}.*{part.suffix}"):
        path.unlink(missing_ok=True)
    part.unlink(missing_ok=True)
