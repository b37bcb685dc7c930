"""Pictures in, pictures out: dress a person, in a photo, a recorded video or live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.garments import load_garment
    from pipeline.tryon import TryOn

__version__ = "0.1.0"
__all__ = ["TryOn", "__version__", "load_garment"]


def __getattr__(name: str) -> Any:
    # lazily, since pipeline.networks must be importable where MediaPipe is not installed
    if name == "TryOn":
        from pipeline.tryon import TryOn

        return TryOn
    if name == "load_garment":
        from pipeline.garments import load_garment

        return load_garment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
