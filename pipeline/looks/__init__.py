"""Looks: garments bent to bodies and drawn."""

from pipeline.looks.draw import draw_deformed, draw_look, warm_up
from pipeline.looks.look import Deformed, Look
from pipeline.looks.photo import PhotoLook

__all__ = ["Deformed", "Look", "PhotoLook", "draw_deformed", "draw_look", "warm_up"]
