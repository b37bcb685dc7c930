"""``wearcast garment PHOTO --add-to CATALOG``: a garment for every shopper of a server."""

from __future__ import annotations

from pathlib import Path

import typer

from pipeline.errors import InputError


def add_garment(image: Path, catalog: Path, name: str | None) -> None:
    """Cut a garment out of its photo and put it into a catalogue; a running server shows it."""
    from pipeline.garments import Catalog, seed_defaults

    try:
        photo = image.read_bytes()
    except OSError as error:
        why = error.strerror or "no such file"
        raise InputError(f"{image} cannot be read ({why}). Check the path.") from error
    seed_defaults(catalog)
    shown = name or image.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    entry = Catalog(catalog).add(photo, shown)
    typer.echo(f"{entry.name}: in {catalog} as {entry.id}, {entry.category.value}.")
