"""How Wearcast's own human parser is made: synthetic people, training, honest evaluation.

Nothing here is imported by the product, and none of it is installed with it.
"""
