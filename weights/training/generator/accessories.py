"""Things worn or held that are no clothes: scarf, lanyard, hat, headphones, phone, cup, book."""

from __future__ import annotations

import numpy as np

from pipeline.labels import OwnPart
from weights.training.generator import colours
from weights.training.generator.items import Item, make_item
from weights.training.generator.materials import RGB, Kind, Material
from weights.training.generator.meshes import Floats, Mesh
from weights.training.generator.shapes import box, grid, tube

Joints = dict[str, Floats]
SHARES = {
    "held": 0.14,
    "lanyard": 0.1,
    "scarf": 0.04,
    "cap": 0.03,
    "headphones": 0.06,
    "glasses": 0.2,
}


def sample_accessories(at: Joints, turns: Joints, rng: np.random.Generator) -> list[Item]:
    """A few of them, by chance.

    Args:
        at: where each bone begins; turns: its rotation.
    """
    wanted = {name for name, share in SHARES.items() if rng.random() < share}
    items: list[Item] = []
    if "held" in wanted:
        items.append(_held(at, turns, rng))
    if "lanyard" in wanted:
        items += _lanyard(at, turns, rng)
    if "scarf" in wanted:
        items.append(_scarf(at, turns, rng))
    if "cap" in wanted:
        items += _cap(at, turns, rng)
    elif "headphones" in wanted:
        items += _headphones(at, turns, rng)
    if "glasses" in wanted:
        items += _glasses(at, turns, rng)
    return items


def _any_colour(rng: np.random.Generator) -> RGB:
    return colours.cloth(rng, (0.4, 0.25, 0.18))


def _plain(
    mesh: Mesh,
    points: Floats,
    rng: np.random.Generator,
    colour: RGB | None = None,
    label: OwnPart = OwnPart.ACCESSORY,
) -> Item:
    material = Material(
        Kind.PLAIN, int(label), colour or _any_colour(rng), gloss=float(rng.uniform(0, 0.4))
    )
    return make_item(mesh, points.astype(np.float32), points.astype(np.float32), material)


def _held(at: Joints, turns: Joints, rng: np.random.Generator) -> Item:
    """A phone, book, cup or ball in one hand."""
    side = rng.choice(["L", "R"])
    grip = (at[f"finger3-1.{side}"] + at[f"finger2-2.{side}"]) / 2
    palm = at[f"finger3-1.{side}"] - at[f"wrist.{side}"]
    turn = turns[f"wrist.{side}"]
    inward = np.cross(palm, at[f"finger5-1.{side}"] - at[f"finger2-1.{side}"])
    inward = inward / (np.linalg.norm(inward) + 1e-9) * (1 if side == "L" else -1)
    kind = rng.choice(["phone", "book", "cup", "ball"], p=[0.4, 0.2, 0.25, 0.15])
    place = grip + inward * rng.uniform(0.02, 0.05)
    if kind in ("phone", "book"):
        size = (0.075, 0.012, 0.15) if kind == "phone" else (0.17, 0.03, 0.24)
        mesh, points = box(np.array(size) * rng.uniform(0.9, 1.2))
        points = points @ turn.T + place
        return _plain(mesh, points, rng, (0.01, 0.01, 0.012) if rng.random() < 0.5 else None)
    if kind == "cup":
        path = np.linspace([0, 0, -0.06], [0, 0, 0.06], 6) * rng.uniform(0.7, 2.0)
        mesh, points = tube(path, rng.uniform(0.028, 0.042))
        return _plain(mesh, points + place, rng)
    lat = np.linspace(-1.5, 1.5, 9)
    radius = rng.uniform(0.04, 0.13)
    path = np.stack([0 * lat, 0 * lat, np.sin(lat) * radius], 1)
    mesh, points = tube(path, np.cos(lat) * radius + 1e-3)
    return _plain(mesh, points + place + inward * radius, rng)


def _front(at: Joints, turns: Joints) -> tuple[Floats, Floats, Floats]:
    """The chest's directions: left, back, up."""
    turn = turns["spine01"]
    return turn[:, 0], turn[:, 1], turn[:, 2]


def _lanyard(at: Joints, turns: Joints, rng: np.random.Generator) -> list[Item]:
    """A ribbon around the neck that meets on the chest, with a card on it."""
    left, back, up = _front(at, turns)
    neck, colour = at["neck01"], _any_colour(rng)
    drop = rng.uniform(0.25, 0.42)
    end = neck - up * drop - back * rng.uniform(0.15, 0.18)
    items = []
    for sign in (-1, 1):
        start = neck + left * sign * 0.075 + up * 0.01
        over = neck + left * sign * 0.08 - back * 0.11 - up * 0.08
        t = np.linspace(0, 1, 12)[:, None]
        path = (1 - t) ** 2 * start + 2 * t * (1 - t) * over + t**2 * end
        mesh, points = tube(path, rng.uniform(0.004, 0.009))
        items.append(_plain(mesh, points, rng, colour))
    mesh, points = box(np.array([0.06, 0.006, 0.09]) * rng.uniform(0.8, 1.3))
    turn = turns["spine01"]
    white = (0.7, 0.7, 0.72) if rng.random() < 0.7 else None
    items.append(_plain(mesh, points @ turn.T + end - up * 0.05, rng, white))
    return items


def _scarf(at: Joints, turns: Joints, rng: np.random.Generator) -> Item:
    left, back, up = _front(at, turns)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)[:, None]
    wide = rng.uniform(0.085, 0.11)
    middle = at["neck01"] + up * 0.02 - back * 0.02
    path = middle + left * np.cos(angle) * wide + back * np.sin(angle) * wide * 1.05
    path = path + up * (0.02 * np.sin(angle) + 0.008 * np.sin(5 * angle + rng.uniform(0, 6)))
    mesh, points = tube(path, rng.uniform(0.025, 0.05), closed=True)
    return _plain(mesh, points, rng)


def _head_axes(at: Joints, turns: Joints) -> tuple[Floats, Floats, Floats, Floats]:
    """Between the eyes; and the head's left, back and up."""
    turn = turns["head"]
    return (at["eye.L"] + at["eye.R"]) / 2, turn[:, 0], turn[:, 1], turn[:, 2]


def _cap(at: Joints, turns: Joints, rng: np.random.Generator) -> list[Item]:
    """A cap or a knitted hat: half an ellipsoid over the skull, with or without a peak."""
    eyes, left, back, up = _head_axes(at, turns)
    middle = eyes + back * 0.085 + up * rng.uniform(0.03, 0.055)
    colour = _any_colour(rng)
    steep, around = np.meshgrid(
        np.linspace(0, np.pi / 2, 10), np.linspace(0, 2 * np.pi, 28, endpoint=False), indexing="ij"
    )
    wide, deep, tall = 0.092, 0.118, rng.uniform(0.1, 0.14)
    sheet = (
        middle
        + left * (np.cos(steep) * np.cos(around) * wide)[..., None]
        + back * (np.cos(steep) * np.sin(around) * deep)[..., None]
        + up * (np.sin(steep) * tall)[..., None]
    )
    items = [_plain(grid(sheet, around=True), sheet.reshape(-1, 3), rng, colour)]
    if rng.random() < 0.6:
        out, across = np.meshgrid(np.linspace(0, 1, 6), np.linspace(-1.2, 1.2, 12), indexing="ij")
        reach = 1 + out * rng.uniform(0.4, 0.65)
        peak = (
            middle
            + left * (np.sin(across) * wide * reach)[..., None]
            - back * (np.cos(across) * deep * reach)[..., None]
            - up * (0.02 * out + 0.03 * across**2 * out)[..., None]
        )
        items.append(_plain(grid(peak, around=False), peak.reshape(-1, 3), rng, colour))
    return items


def _headphones(at: Joints, turns: Joints, rng: np.random.Generator) -> list[Item]:
    eyes, left, back, up = _head_axes(at, turns)
    middle = eyes + back * 0.09 + up * 0.0
    angle = np.linspace(0, np.pi, 16)[:, None]
    band = middle + left * np.cos(angle) * 0.088 + up * np.sin(angle) * 0.135
    colour = _any_colour(rng)
    items = [_plain(*tube(band, 0.009), rng, colour)]
    for sign in (-1, 1):
        pad = middle + left * sign * np.linspace(0.07, 0.1, 4)[:, None]
        items.append(_plain(*tube(pad, rng.uniform(0.028, 0.042)), rng, colour))
    return items


def _glasses(at: Joints, turns: Joints, rng: np.random.Generator) -> list[Item]:
    """Rims and temples; they count as face, being thinner than the network's pixels."""
    _, left, back, up = _head_axes(at, turns)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)[:, None]
    dark: RGB = (0.01, 0.01, 0.01) if rng.random() < 0.6 else _any_colour(rng)
    thick = rng.uniform(0.0012, 0.003)
    wide, tall = rng.uniform(0.021, 0.027), rng.uniform(0.014, 0.024)
    items = []
    for sign, name in ((1, "eye.L"), (-1, "eye.R")):
        middle = at[name] - back * 0.028
        rim = middle + left * np.cos(angle) * wide + up * np.sin(angle) * tall
        items.append(_plain(*tube(rim, thick, closed=True), rng, dark, OwnPart.FACE))
        hinge = middle + left * sign * wide
        temple = np.linspace(hinge, hinge + back * 0.1 + left * sign * 0.01, 4)
        items.append(_plain(*tube(temple, thick), rng, dark, OwnPart.FACE))
    return items
