"""The garments of a command: found for it, or added for every shopper of a server."""

from __future__ import annotations

from pathlib import Path

import typer

from pipeline.errors import GarmentUnknown, InputError
from pipeline.structures import Garment
from stream_server.startup import check_catalogue


def find_garment(id_or_path: str, catalog: Path | None) -> Garment:
    """The garment that a command is to use; see ``pipeline.garments.load_garment``.

    Raises:
        GarmentUnknown: there is none, or no such catalogue.
        InputError: unreadable, or not a garment.
    """
    from pipeline.garments import load_garment

    if catalog is not None and not catalog.is_dir():
        raise GarmentUnknown(f"There is no catalogue folder at {catalog}. Check the path.")
    try:
        return load_garment(id_or_path, catalog)
    except GarmentUnknown as error:
        if Path(id_or_path).is_dir():
            raise GarmentUnknown(
                f"{id_or_path} is a folder, but not that of a garment: it has no garment.json."
            ) from error
        raise
    except OSError as error:
        raise InputError(
            f"The garment {id_or_path} cannot be read ({error.strerror or error})."
        ) from error


def add_garment(image: Path, catalog: Path, name: str | None) -> None:
    """Cut a garment out of its photo and put it into a catalogue; a running server shows it."""
    from pipeline.garments import Catalog, seed_defaults

    try:
        photo = image.read_bytes()
    except OSError as error:
        why = error.strerror or "no such file"
        raise InputError(f"{image} cannot be read ({why}). Check the path.") from error
    check_catalogue(catalog)
    seed_defaults(catalog)
    shown = name or image.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    entry = Catalog(catalog).add(photo, shown)
    added = f"{entry.name}: in {catalog} as {entry.id}, {entry.category.value}. {entry.notice}"
    typer.echo(added.rstrip())
