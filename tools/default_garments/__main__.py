"""Draw the default garments: ``python -m tools.default_garments [--only ID] [--to DIR]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.garments.catalog import DEFAULTS
from tools.default_garments.export import make
from tools.default_garments.wardrobe import wardrobe


def main() -> None:
    """Draw what was asked for and say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="id of a garment; may be repeated")
    parser.add_argument("--to", type=Path, default=DEFAULTS, help="catalogue folder")
    wanted = parser.parse_args()
    designs = wardrobe()
    known = [design.id for design in designs]
    for id in wanted.only or ():
        if id not in known:
            parser.error(f"there is no design “{id}”; choose from {', '.join(known)}")
    for design in designs:
        if not wanted.only or design.id in wanted.only:
            make(design, wanted.to)
            print(f"{wanted.to / design.id}")


main()
