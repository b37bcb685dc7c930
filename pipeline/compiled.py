"""How loops over pixels and points are compiled: by numba, without the interpreter lock.

On one thread and in a fixed order of operations: same input, same output.
"""

from __future__ import annotations

from numba import njit

from pipeline import geometry

compiled = njit(cache=True, nogil=True)
"""For what Python calls; kept in numba's cache."""

inner = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For what only compiled code calls: it is kept with its callers, and compiles faster."""

ease = inner(geometry.ease)
interpolate = inner(geometry.interpolate)
