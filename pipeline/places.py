"""Where results go: whether they can be written is told before the work, not after it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError


def try_writing(folder: Path) -> None:
    """Write something into a folder, or around a missing one, and take it away again.

    Permissions alone do not tell: file systems may be read-only or full.

    Raises:
        OSError: it did not work.
    """
    around = folder.absolute()
    while not around.exists():
        around = around.parent
    tempfile.TemporaryFile(dir=around).close()


def check_file(path: Path) -> None:
    """Pass when a file can be written there; its folder may be missing.

    Raises:
        InputError: it cannot; the message names it.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, and a file is to be written there. Name a file.")
    with writing(path):
        try_writing(path.parent)


def check_folder(path: Path) -> None:
    """Pass when files can be written into a folder, which may be missing.

    Raises:
        InputError: they cannot; the message names it.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file, and a folder is needed there. Name a folder.")
    with writing(path):
        try_writing(path)


def check_apart(source: Path, *results: Path | None) -> None:
    """Pass when no result overwrites the source or another result.

    Raises:
        InputError: one does; the message names it.
    """
    taken = {source.resolve()}
    for path in (result for result in results if result is not None):
        if path.resolve() == source.resolve():
            raise InputError(f"{path} would be overwritten by its own result. Name another place.")
        if path.resolve() in taken:
            raise InputError(f"{path} is named for two results. Give each a place of its own.")
        taken.add(path.resolve())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Whatever goes wrong with files in this block is told as ``path`` that cannot be written.

    Raises:
        InputError: instead of every ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}). Choose another place."
        ) from error
