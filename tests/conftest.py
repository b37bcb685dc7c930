"""What many tests share: the folder of real media, when there is one, and the sample person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.samples import astronaut
from pipeline.structures import Image


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write the golden pictures anew. Look at them before you commit.",
    )


@pytest.fixture(scope="session")
def media() -> Path:
    """The folder of real clips and photos; skips the test when it is not there."""
    folder = os.environ.get("WEARCAST_MEDIA")
    if not folder:
        pytest.skip("WEARCAST_MEDIA is not set: no real clips on this machine")
    return Path(folder)


@pytest.fixture(scope="session")
def astronaut_image() -> Image:
    """A person from the front, (480, 640, 3) RGB."""
    return astronaut()
