"""Recorded-video regression tests: record what the pipeline does to clips, check it later.

``suite`` says what to run, ``recorder`` runs it, ``recording`` keeps it, ``compare`` judges it,
``runner`` does all of that for a whole suite, and ``page`` shows it to a person.
"""
