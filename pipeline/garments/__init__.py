"""From one photo to a garment that can be put on a person."""

from pipeline.garments.ingest import ingest_cutout, ingest_garment

__all__ = ["ingest_cutout", "ingest_garment"]
