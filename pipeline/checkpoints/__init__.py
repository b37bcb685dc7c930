"""Published checkpoints: which there are, which are here, and how they get here.

``manifest`` is what is known of them, ``fetching`` downloads, ``bringing_in`` takes files that
somebody has, ``verification`` decides whether a file is what it should be. What loads them into
networks is ``pipeline.weights``.
"""
