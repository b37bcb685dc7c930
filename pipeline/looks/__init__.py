"""A look: a garment bound to a body, drawn on every frame."""
