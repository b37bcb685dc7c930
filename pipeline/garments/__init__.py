"""From one photo to a garment that can be put on a person, and the catalogue of garments."""

from pipeline.garments.catalog import Catalog, load_garment, seed_defaults
from pipeline.garments.ingest import ingest_cutout, ingest_garment, ingest_picture
from pipeline.garments.store import GarmentEntry, load_garment_folder, save_garment

__all__ = [
    "Catalog",
    "GarmentEntry",
    "ingest_cutout",
    "ingest_garment",
    "ingest_picture",
    "load_garment",
    "load_garment_folder",
    "save_garment",
    "seed_defaults",
]
