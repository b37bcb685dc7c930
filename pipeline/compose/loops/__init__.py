"""The loops over pixels and cells, compiled. Every number arrives as an argument or is named here.

Compiled code is cached beside the package, releases the interpreter lock and runs on one core:
sessions are threads, and the same input always gives the same pixels. Numba sees changes in the
file of a function only: after a change to ``masks`` or ``cells``, remove ``__pycache__`` here.
"""
