"""One photo of a garment → ``Garment``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import GarmentRefused
from pipeline.garments.category import classify
from pipeline.garments.checks import (
    check_collar,
    check_photo,
    check_shape,
    check_sleeves,
    size_notice,
)
from pipeline.garments.cutout import Segment, cut_out
from pipeline.garments.hanger import find_hanger, shows_hook
from pipeline.garments.hem import find_tail
from pipeline.garments.hood import lay_down_hood
from pipeline.garments.landmarks import Frame, find_frame, find_hems
from pipeline.garments.matte import pack, premultiplied
from pipeline.garments.neckline import Neckline, find_neckline
from pipeline.garments.rectify import Upright, make_upright
from pipeline.garments.regions import Mask, components, grow, opened
from pipeline.garments.shape import Shape, measure_shape
from pipeline.garments.sleeves import Sleeve, find_sleeves, part_map, sleeve_kind, whole_sleeves
from pipeline.images import decode_image, decode_rgba, from_lab
from pipeline.structures import PART_CODES, Category, Garment, Image, Part, Side, Sleeves

WORK_PX = 512  # longer side at which the mask is found
LEAST_PX = 120  # a smaller picture does not show a garment well enough to wear
SOLID_ALPHA = 127
CUT_FEATHER = 0.8  # px
TAIL_RIM = 5  # px diameter: the shadow under a front hem goes with the tail
COLLAR_AREA = 0.002, 0.08  # of the garment
COLLAR_HEIGHT = 0.6  # of the neck's width
COLLAR_SOLID = 0.8  # of its area is not thin
SPECK_SHARE = 0.02  # of the garment
CLEAR_BORDER = 0.5  # share of the picture's border that is clear around a cut-out


def ingest_garment(
    image_rgb: Image,
    *,
    id: str,
    name: str,
    category: Category | None = None,
    segment: Segment | None = None,
) -> Garment:
    """Cut a garment out of its photo and measure it.

    Args:
        image_rgb: (H, W, 3) uint8 RGB, the garment laid flat or hanging, seen from the front.
        id: its name in the catalogue.
        name: what a shopper reads.
        category: overrules what the silhouette looks like.
        segment: a further opinion on where the garment is, such as ``network_mask``.

    Returns:
        The garment; one of category ``lower`` has only waist and hem landmarks.

    Raises:
        GarmentRefused: the picture does not show exactly one garment; the message says why.
    """
    _check_size(image_rgb)
    work = scaled_to(image_rgb, WORK_PX)
    found = cut_out(work, segment)
    check_photo(work, found)
    upright = make_upright(image_rgb, found.mask, from_lab(found.background.lab).astype(np.float32))
    texture = premultiplied(upright.image, upright.mask, upright.background)
    garment = _build(upright, texture, id, name, category, shows_hook(work, found.mask))
    return replace(garment, notice=size_notice(upright))


def ingest_cutout(
    rgba: NDArray[np.uint8], *, id: str, name: str, category: Category | None = None
) -> Garment:
    """Measure a garment that is already cut out.

    Args:
        rgba: (H, W, 4) uint8 RGBA, colour *not* premultiplied, upright.
        id, name, category: as in ``ingest_garment``.

    Raises:
        GarmentRefused: what is not clear is not one garment.
    """
    _check_size(rgba[..., :3])
    solid = rgba[..., 3] > SOLID_ALPHA
    if not solid.any():
        raise GarmentRefused("The picture is entirely transparent. Choose a cut-out of a garment.")
    alpha = rgba[..., 3].astype(np.float32) / 255.0
    blank = np.zeros((*solid.shape, 3), np.float32)
    upright = make_upright(rgba[..., :3].copy(), solid, blank, deskew=False)
    texture = _warp_cutout(rgba[..., :3], alpha, upright)
    garment = _build(upright, texture, id, name, category)
    return replace(garment, notice=size_notice(upright))


def ingest_picture(
    data: bytes,
    *,
    id: str,
    name: str,
    category: Category | None = None,
    what: str = "The file",
    segment: Segment | None = None,
) -> Garment:
    """Ingest the bytes of a picture; one with a transparent surround counts as cut out already.

    Args:
        data: JPEG, PNG, WebP or BMP.
        id, name, category, segment: as in ``ingest_garment``.
        what: how to name the picture in an error message.

    Raises:
        InputError: unreadable, too large, or not one garment.
    """
    rgba = decode_rgba(data, what)
    if is_cutout(rgba):
        return ingest_cutout(rgba, id=id, name=name, category=category)
    image = decode_image(data, what) if rgba[..., 3].min() < 255 else rgba[..., :3].copy()
    return ingest_garment(image, id=id, name=name, category=category, segment=segment)


def is_cutout(rgba: NDArray[np.uint8]) -> bool:
    """Whether the surround of an (H, W, 4) picture is already transparent."""
    alpha = rgba[..., 3]
    edge = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    return bool((edge <= SOLID_ALPHA).mean() > CLEAR_BORDER)


def _check_size(image: NDArray[np.uint8]) -> None:
    height, width = image.shape[:2]
    if min(height, width) < LEAST_PX:
        raise GarmentRefused(
            f"The picture is too small ({width}×{height}). Choose one of at least"
            f" {LEAST_PX}×{LEAST_PX} pixels, better 600×800."
        )


def scaled_to(image: Image, longer_px: int, enlarge: bool = True) -> Image:
    """Scale a picture so that its longer side is ``longer_px``."""
    scale = longer_px / max(image.shape[:2])
    if scale >= 1 and not enlarge:
        return image
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _warp_cutout(
    colour: NDArray[np.uint8], alpha: NDArray[np.float32], upright: Upright
) -> NDArray[np.uint8]:
    """Bring a cut-out into the texture's frame, premultiplied so that no hidden colour bleeds."""
    layers = np.dstack([colour.astype(np.float32) * alpha[..., None], alpha])
    scale = float(np.hypot(*upright.to_texture[0, :2]))
    matrix = upright.to_texture.copy()
    if scale < 1.0:
        size = (round(alpha.shape[1] * scale), round(alpha.shape[0] * scale))
        layers = cv2.resize(layers, size, interpolation=cv2.INTER_AREA)
        ratio = np.array([alpha.shape[1] / size[0], alpha.shape[0] / size[1]])
        matrix[:, 2] += matrix[:, :2] @ (0.5 * ratio - 0.5)
        matrix[:, :2] *= ratio
    size_wh = upright.mask.shape[1], upright.mask.shape[0]
    layers = cv2.warpAffine(layers, matrix, size_wh, flags=cv2.INTER_LINEAR)
    solid = layers[..., 3:]
    plain = np.where(solid > 0, layers[..., :3] / np.maximum(solid, 1e-6), 0.0)
    return pack(np.asarray(plain, np.float32), np.asarray(layers[..., 3], np.float32))


def _build(
    upright: Upright,
    texture: NDArray[np.uint8],
    id: str,
    name: str,
    category: Category | None,
    hooked: bool = False,
) -> Garment:
    texture = _without_specks(texture)
    shape = measure_shape(texture[..., 3] > SOLID_ALPHA)
    hanger = find_hanger(upright.image, shape)
    if hanger.any():
        texture = _cleared(texture, hanger)
        shape = measure_shape(texture[..., 3] > SOLID_ALPHA)
    check_shape(shape, category or classify(shape))
    if (category or classify(shape)) is Category.LOWER:
        return _build_lower(shape, texture, id, name)
    texture, shape = _without_tail(upright.image, texture, shape)
    category = category or (Category.DRESS if classify(shape) is Category.DRESS else Category.UPPER)
    frame = find_frame(shape)
    check_sleeves(shape, frame)
    sleeves = whole_sleeves(shape, find_sleeves(shape, frame))
    hems = find_hems(shape, part_map(shape.mask, sleeves) == PART_CODES[Part.TORSO])
    neckline = find_neckline(upright.image, shape, frame, bool(sleeves))
    check_collar(hooked, frame, neckline)
    front, back = _split_collar(texture, neckline)
    solid = front[..., 3] > 0
    return Garment(
        id=id,
        name=name,
        category=category,
        sleeves=sleeve_kind(frame, sleeves, hems),
        texture=front,
        parts=part_map(solid, sleeves),
        landmarks=_landmarks(frame, hems, sleeves, neckline),
        neckline=neckline.points,
        back_collar=back,
    )


def _without_specks(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Clear what is not connected with the garment and too small to belong to it."""
    labels, areas = components(texture[..., 3] > 0)
    small = np.concatenate([[True], areas < SPECK_SHARE * areas.max(initial=1)])
    return np.where(small[labels][..., None], 0, texture).astype(np.uint8)


def _without_tail(
    image: Image, texture: NDArray[np.uint8], shape: Shape
) -> tuple[NDArray[np.uint8], Shape]:
    """Clear what shows of the back below the front hem."""
    sleeves = find_sleeves(shape, find_frame(shape))
    tail = find_tail(image, shape, part_map(shape.mask, sleeves) == PART_CODES[Part.TORSO])
    if not tail.any():
        return texture, shape
    texture = _cleared(texture, grow(tail, TAIL_RIM))
    return texture, measure_shape(texture[..., 3] > SOLID_ALPHA)


def _cleared(texture: NDArray[np.uint8], area: Mask) -> NDArray[np.uint8]:
    """Cut softly, so that the new edge is as smooth as the others."""
    cut = cv2.GaussianBlur(area.astype(np.float32), (0, 0), CUT_FEATHER)[..., None]
    return _without_specks(np.floor(texture * (1.0 - cut) + 0.5).astype(np.uint8))


def _build_lower(shape: Shape, texture: NDArray[np.uint8], id: str, name: str) -> Garment:
    """A lower garment is kept, though not dressed: torso pixels, waist and hem corners."""
    first, last = np.nonzero(shape.mask[shape.row(0.02)])[0][[0, -1]]
    ends = np.nonzero(shape.mask[shape.row(0.98)])[0][[0, -1]]
    corners = {
        "waist_right": (first, shape.row(0.02)),
        "waist_left": (last, shape.row(0.02)),
        "hem_right": (ends[0], shape.row(0.98)),
        "hem_left": (ends[1], shape.row(0.98)),
    }
    landmarks = {key: np.array(value, np.float32) for key, value in corners.items()}
    parts = np.where(texture[..., 3] > 0, PART_CODES[Part.TORSO], 0).astype(np.uint8)
    waist = np.stack([landmarks["waist_right"], landmarks["waist_left"]])
    return Garment(id, name, Category.LOWER, Sleeves.SLEEVELESS, texture, parts, landmarks, waist)


def _split_collar(
    texture: NDArray[np.uint8], neckline: Neckline
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Clear what lies above the front neckline; keep a clean inside of the back, and a hood."""
    if not neckline.behind.any():
        return texture, None
    front = _cleared(texture, neckline.behind)
    near = grow(neckline.behind, 2 * round(3 * CUT_FEATHER) + 1)
    back = np.where(near[..., None], texture - front, 0).astype(np.uint8)
    if _is_clean_collar(texture, neckline):
        return front, back
    return front, lay_down_hood(texture, neckline, SOLID_ALPHA)


def _is_clean_collar(texture: NDArray[np.uint8], neckline: Neckline) -> bool:
    """Neither hood nor hanger: of a collar's size, in one piece, without thin or odd parts."""
    solid = texture[..., 3] > SOLID_ALPHA
    behind = neckline.behind & solid
    area, whole = np.count_nonzero(behind), np.count_nonzero(solid)
    if not COLLAR_AREA[0] * whole < area < COLLAR_AREA[1] * whole:
        return False
    rows = np.nonzero(behind.any(axis=1))[0]
    width = float(neckline.points[-1, 0] - neckline.points[0, 0])
    if rows[-1] - rows[0] > COLLAR_HEIGHT * width:
        return False
    return np.count_nonzero(opened(behind, 5)) > COLLAR_SOLID * area


def _landmarks(
    frame: Frame,
    hems: Mapping[Side, NDArray[np.float32]],
    sleeves: Mapping[Side, Sleeve],
    neckline: Neckline,
) -> dict[str, NDArray[np.float32]]:
    points: dict[str, NDArray[np.float32]] = {}
    for side in Side:
        points[f"neck_{side}"] = neckline.necks[side]
        points[f"shoulder_{side}"] = frame.shoulders[side]
        points[f"armpit_{side}"] = frame.armpits[side]
        points[f"hem_{side}"] = hems[side]
    for side, sleeve in sleeves.items():
        points[f"cuff_outer_{side}"] = sleeve.cuff_outer
        points[f"cuff_inner_{side}"] = sleeve.cuff_inner
    points["neck_center"] = _lowest(neckline)
    return {key: np.asarray(value, np.float32) for key, value in points.items()}


def _lowest(neckline: Neckline) -> NDArray[np.float32]:
    """The lowest point of the neckline's middle half: its ends may hang over a shoulder."""
    count = len(neckline.points)
    middle = neckline.points[count // 4 : max(count // 4 + 1, count - count // 4)]
    return np.asarray(middle[int(np.argmax(middle[:, 1]))], np.float32)
