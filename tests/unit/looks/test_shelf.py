"""Looks are made once per garment, and anew when the garment changed."""

from __future__ import annotations

from dataclasses import replace

from pipeline import load_garment
from pipeline.looks.shelf import LookShelf


def test_the_same_garment_gets_the_same_look() -> None:
    shelf, garment = LookShelf(), load_garment("white-tee")
    assert shelf.get(garment) is shelf.get(garment)


def test_a_changed_garment_of_the_same_id_gets_a_new_look() -> None:
    shelf, garment = LookShelf(), load_garment("white-tee")
    before = shelf.get(garment)
    after = shelf.get(replace(garment, name="Changed"))
    assert after is not before
    assert after.garment.name == "Changed"


def test_the_look_unused_for_longest_goes_first() -> None:
    shelf = LookShelf(capacity=2)
    first, second, third = (replace(load_garment("white-tee"), id=i) for i in "abc")
    kept = shelf.get(first)
    shelf.get(second)
    shelf.get(first)
    shelf.get(third)
    assert shelf.get(first) is kept
