"""Pictures in, pictures out: dress a person, in a photo, a recorded video or live."""

__version__ = "0.1.0"
