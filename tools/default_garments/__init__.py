"""Draws the default garments of the catalogue: our own designs, from geometry to pixels.

Run ``python -m tools.default_garments`` to draw them all again; ``--only ID`` draws one.

Convention for all modules here: a design is laid out in *units*, half a chest width each, origin
in the middle between the two neck points, x to the right of the picture (the wearer's left), y
down. Drawing happens on a larger canvas in float32 and is reduced at the end.
"""
