"""What must be so before a server starts: the places that its settings name can be used."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from pipeline.places import try_writing
from stream_server.config import ServerConfig


def check_places(config: ServerConfig) -> None:
    """Pass when the catalogue, the certificate and the pages can be used.

    Raises:
        InputError: one cannot; the message names it and says what to do.
    """
    for path, option in ((config.tls_cert, "tls_cert"), (config.tls_key, "tls_key")):
        if path is not None:
            _check_readable(path, option)
    if not (config.web / "index.html").is_file():
        raise InputError(f"{config.web} holds no index.html. Name the folder of the pages in web.")
    check_catalogue(config.catalog, read_only=config.catalog_read_only)


def check_catalogue(folder: Path, *, read_only: bool = False) -> None:
    """Pass when a catalogue can be read, and made or written to unless it is only read.

    Raises:
        InputError: it cannot; the message says why.
    """
    there = False
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"The catalogue {folder} is a file. Name a folder.")
        there = folder.is_dir()
        if there:
            any(folder.iterdir())
            (folder / ".").stat()  # needs the right to enter it
    except OSError as error:
        raise _refusal(folder, "read", error) from error
    if there and read_only:
        return
    try:
        try_writing(folder)
    except OSError as error:
        raise _refusal(folder, "written to" if there else "made", error) from error


def _refusal(folder: Path, what: str, error: OSError) -> InputError:
    hint = " Choose another folder with --catalog"
    if what == "written to":
        hint += ", or set catalog_read_only = true in the settings file"
    return InputError(
        f"The catalogue {folder} cannot be {what} ({error.strerror or error}).{hint}."
    )


def _check_readable(path: Path, option: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        shown = option.replace("_", "-")
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}). Name a PEM file with --{shown}."
        ) from error
