"""The light of the scene on a garment: whites stay white, worn colours are no shadows."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_scene import HEIGHT, WIDTH, Scene

from pipeline.compose.light import EXPOSURE_RANGE, PLAIN_STRENGTH, SHADE_RANGE, SceneTone
from pipeline.compose.loops.light import fold_gain, worn_light
from pipeline.labels import Landmark

PLAIN = Scene()
ROWS, COLUMNS = 40, 60


def tone(image: np.ndarray, time_s: float = 0.0, meter: SceneTone | None = None) -> np.ndarray:
    return (meter or SceneTone()).measure(image, PLAIN.body(), time_s)


def before_a_dark_wall(face: int) -> np.ndarray:
    """A picture dark all over but for the face."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    image[PLAIN.face()] = face
    return image


def test_a_bright_face_before_a_dark_wall_asks_for_a_bright_garment() -> None:
    dark, bright = tone(before_a_dark_wall(60)), tone(before_a_dark_wall(200))
    assert dark.mean() == pytest.approx(EXPOSURE_RANGE[0], abs=0.01)
    assert bright.mean() > 0.9


def test_what_a_person_wears_is_no_whiter_than_white() -> None:
    image = before_a_dark_wall(60)
    image[PLAIN.person() > 0] = 220
    assert tone(image).mean() > 0.85


def test_a_green_wall_is_no_green_light() -> None:
    image = np.full((HEIGHT, WIDTH, 3), (90, 150, 80), np.uint8)
    assert np.ptp(tone(image)) < 0.03


def test_a_face_that_looks_up_for_a_moment_changes_no_light() -> None:
    meter = SceneTone()
    before = tone(before_a_dark_wall(120), 0.0, meter)
    for step in range(1, 6):
        after = tone(before_a_dark_wall(200), 0.1 * step, meter)
    assert after.mean() < before.mean() + 0.05


def test_a_face_outside_of_the_picture_says_nothing() -> None:
    body = PLAIN.body()
    body.pose.landmarks_px[Landmark.NOSE : Landmark.MOUTH_RIGHT + 1] -= 1000
    image = before_a_dark_wall(60)
    assert SceneTone().measure(image, body, 0.0).mean() == pytest.approx(EXPOSURE_RANGE[0], abs=0.1)


def light_on(lab: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean light on cells (h / 2, w / 2), NaN where nothing is known, and its spread."""
    none, all_ = np.zeros(lab.shape[:2], np.uint8), np.full(lab.shape[:2], 255, np.uint8)
    light, (_, _, spread) = worn_light(lab, none, all_, all_, 8.0)
    with np.errstate(invalid="ignore"):
        return light[..., 0] / light[..., 1], float(spread)


def test_a_shirt_of_another_colour_under_a_jacket_is_no_shadow() -> None:
    lab = np.full((ROWS, COLUMNS, 3), (110, 128, 90), np.uint8)  # blue
    lab[:, 22:38] = (40, 128, 128)  # black
    light, spread = light_on(lab)
    assert np.isnan(light[:, 12:18]).all()
    assert np.ptp(light[:, :10]) == 0.0
    assert spread == pytest.approx(0.0, abs=1e-3)


def test_a_dark_shirt_that_is_a_little_like_the_jacket_is_no_shadow_either() -> None:
    """Black under dark blue: neither so dark nor so grey that one channel alone tells it."""
    lab = np.full((ROWS, COLUMNS, 3), (54, 128, 108), np.uint8)
    lab[:, 22:38] = (20, 128, 126)
    none, all_ = np.zeros(lab.shape[:2], np.uint8), np.full(lab.shape[:2], 255, np.uint8)
    light, (_, mean, _) = worn_light(lab, none, all_, all_, 8.0)
    gain = fold_gain(light, float(mean), PLAIN_STRENGTH, *SHADE_RANGE)
    assert gain.min() > 0.93


def test_a_shadow_on_one_cloth_is_seen() -> None:
    lab = np.full((ROWS, COLUMNS, 3), (110, 128, 90), np.uint8)
    lab[:, 30:] = (88, 128, 96)
    light, _ = light_on(lab)
    assert np.nanmean(light[:, 16:]) < np.nanmean(light[:, :14]) - 0.1
