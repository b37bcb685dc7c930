"""HTTP handlers, one concept a file."""
