"""From one photo to a garment that can be put on a person."""
