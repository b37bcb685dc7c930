"""What a recording was made with, so that a report can say what is different now."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pipeline
from pipeline.regression.clip import file_digest
from pipeline.structures import Garment

PACKAGES = (
    "mediapipe",
    "ai-edge-litert",
    "numpy",
    "opencv-contrib-python",
    "numba",
    "scipy",
    "av",
    "torch",
)
MODELS = (
    "modules/pose_detection/pose_detection.tflite",
    "modules/pose_landmark/pose_landmark_full.tflite",
)
WEIGHT_FILES = ("*.pth", "*.pt")
DIGEST_LENGTH = 12
LEFT_OUT = "regression"  # how results are judged does not change them


def versions() -> dict[str, str]:
    """Program, packages, models, weights and machine, each by name."""
    found = {"wearcast": pipeline.__version__, "source": source_digest()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    found |= _models()
    found |= {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
    }
    return found


def source_digest() -> str:
    """One short digest of the pipeline's own modules: tells a change that got no version number."""
    root = Path(pipeline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root)
        if parts.parts[0] != LEFT_OUT:
            digest.update(parts.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:DIGEST_LENGTH]


def garment_digest(garment: Garment) -> str:
    """One short digest of everything that is drawn of a garment."""
    digest = hashlib.sha256(garment.texture.tobytes() + garment.parts.tobytes())
    digest.update(garment.neckline.tobytes())
    for name in sorted(garment.landmarks):
        digest.update(name.encode() + garment.landmarks[name].tobytes())
    if garment.back_collar is not None:
        digest.update(garment.back_collar.tobytes())
    return digest.hexdigest()[:DIGEST_LENGTH]


def processor() -> str:
    """The processor's name, as good as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _models() -> dict[str, str]:
    found = {}
    spec = find_spec("mediapipe")
    if spec is not None and spec.origin:
        root = Path(spec.origin).parent
        for name in MODELS:
            if (root / name).is_file():
                found[Path(name).name] = file_digest(root / name)[:DIGEST_LENGTH]
    weights = Path(pipeline.__file__).parents[1] / "weights"
    for pattern in WEIGHT_FILES:
        for path in sorted(weights.glob(pattern)):
            found[path.name] = file_digest(path)[:DIGEST_LENGTH]
    return found
