"""Geometry of single numbers, for the compiled loops of the looks."""

from numba import njit

from pipeline import geometry

ease = njit(cache=True, nogil=True)(geometry.ease)
interpolate = njit(cache=True, nogil=True)(geometry.interpolate)
