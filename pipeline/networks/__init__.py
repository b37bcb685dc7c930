"""The published networks, written from papers and facts. Needs torch and nothing else.

``build_network(name)`` gives a network without weights; ``pipeline.weights`` loads them.
"""

from pipeline.networks.build import NAMES, build_network

__all__ = ["NAMES", "build_network"]
