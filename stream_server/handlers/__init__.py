"""HTTP: one module per group of addresses; each has ``routes``."""
