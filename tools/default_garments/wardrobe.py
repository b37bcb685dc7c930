"""The designs."""

from __future__ import annotations

from pipeline.structures import Category, Sleeves
from tools.default_garments.cloth import Drape
from tools.default_garments.collars import collar, cords, hood_back, hood_front
from tools.default_garments.cut import Cut, Neck, SleeveCut
from tools.default_garments.design import Design
from tools.default_garments.fabrics import (
    Fabric,
    chunky,
    denim,
    fleece,
    heather,
    jersey,
    oxford,
    pique,
    poplin,
    rib,
)
from tools.default_garments.light import Finish
from tools.default_garments.prints import fan_tile, floral_tile, stripes, sunrise, tiled
from tools.default_garments.trims import (
    armhole_binding,
    chest_pocket,
    kangaroo_pocket,
    placket,
)

FINE_RIB = rib(0.0125, 0.42)
WIDE_RIB = rib(0.030, 1.5)
WHITE = (243, 242, 239)
NAVY = (38, 46, 78)
PEARL = (232, 230, 222)
WHITE_FINISH = Finish(contrast=0.85, sheen=0.0, depth=0.2)

LONG_SLEEVE = SleeveCut(2.34, 26, 42, 0.36, fullness=0.02)


def wardrobe() -> tuple[Design, ...]:
    """All default garments, in the order of the carousel."""
    return (*_tees(), *_long_sleeves(), *_collared(), *_feminine())


def _tees() -> tuple[Design, ...]:
    return (
        Design(
            id="white-tee",
            name="White crew-neck tee",
            seed=1,
            cut=Cut(),
            fabric=Fabric(WHITE, jersey),
            trim=Fabric(WHITE, FINE_RIB),
            sleeves=Sleeves.SHORT,
            finish=WHITE_FINISH,
        ),
        Design(
            id="sunrise-tee",
            name="Sunrise print tee",
            seed=3,
            cut=Cut(),
            fabric=Fabric((40, 74, 82), jersey),
            trim=Fabric((40, 74, 82), FINE_RIB),
            sleeves=Sleeves.SHORT,
            prints=(
                sunrise(
                    (236, 226, 200),
                    (104, 140, 142),
                    ((248, 190, 84), (226, 88, 62)),
                    (112, 172, 168),
                ),
            ),
        ),
        Design(
            id="grey-v-neck-tee",
            name="Heather grey V-neck tee",
            seed=4,
            cut=Cut(
                neck=Neck(half_width=0.31, depth=0.52, roundness=1.12, band=0.055),
                waist=(0.93, 1.6),
                length=2.70,
            ),
            fabric=Fabric((168, 169, 172), heather),
            trim=Fabric((164, 165, 168), heather),
            sleeves=Sleeves.SHORT,
        ),
        Design(
            id="varsity-raglan",
            name="Varsity raglan tee",
            seed=5,
            cut=Cut(armpit=(1.0, 0.94), sleeve=SleeveCut(1.42, 34, 46, 0.50)),
            fabric=Fabric((236, 233, 224), jersey),
            trim=Fabric((150, 38, 46), FINE_RIB),
            raglan=Fabric((150, 38, 46), jersey),
            sleeves=Sleeves.LONG,
            finish=Finish(contrast=0.9, sheen=0.0, depth=0.3),
        ),
    )


def _long_sleeves() -> tuple[Design, ...]:
    return (
        Design(
            id="breton-top",
            name="Breton striped top",
            seed=6,
            cut=Cut(
                neck=Neck(half_width=0.40, depth=0.20, roundness=2.0, band=0.045),
                armpit=(0.98, 0.92),
                waist=(0.94, 1.6),
                length=2.52,
                sleeve=LONG_SLEEVE,
            ),
            fabric=Fabric((240, 237, 229), jersey),
            trim=Fabric((240, 237, 229), FINE_RIB),
            sleeves=Sleeves.LONG,
            finish=WHITE_FINISH,
            prints=(stripes(NAVY, 0.148, 0.42, 0.44),),
        ),
        Design(
            id="black-long-sleeve",
            name="Black long-sleeve top",
            seed=2,
            cut=Cut(armpit=(0.98, 0.94), waist=(0.92, 1.6), sleeve=LONG_SLEEVE),
            fabric=Fabric((47, 47, 51), jersey),
            trim=Fabric((47, 47, 51), FINE_RIB),
            sleeves=Sleeves.LONG,
            finish=Finish(contrast=1.2, sheen=0.02, depth=0.1),
        ),
        Design(
            id="mustard-jumper",
            name="Chunky mustard jumper",
            seed=7,
            cut=Cut(
                neck=Neck(half_width=0.36, depth=0.24, band=0.088, back_rise=0.048),
                shoulder=(0.96, 0.23),
                armpit=(1.03, 1.02),
                waist=(1.02, 1.7),
                length=2.46,
                hem_half=0.95,
                hem_curve=0.02,
                sleeve=SleeveCut(2.24, 26, 42, 0.38, fullness=-0.05),
            ),
            fabric=Fabric((206, 152, 52), chunky),
            trim=Fabric((200, 146, 48), WIDE_RIB),
            sleeves=Sleeves.LONG,
            finish=Finish(contrast=1.0, sheen=0.0, depth=0.4),
            drape=Drape(folds=1.2, crumple=0.9, hang=0.8, volume=1.3),
            cuff=0.24,
            waistband=0.24,
        ),
        Design(
            id="sage-hoodie",
            name="Sage green hoodie",
            seed=8,
            cut=Cut(
                neck=Neck(half_width=0.35, depth=0.40, roundness=1.55, band=0.0, top=-0.09),
                shoulder=(0.97, 0.24),
                armpit=(1.04, 1.04),
                waist=(1.03, 1.7),
                length=2.50,
                hem_half=0.94,
                hem_curve=0.02,
                sleeve=SleeveCut(2.26, 25, 42, 0.38, fullness=-0.06),
            ),
            fabric=Fabric((134, 152, 128), fleece),
            trim=Fabric((130, 148, 124), rib(0.020, 0.9)),
            sleeves=Sleeves.LONG,
            drape=Drape(folds=1.35, crumple=1.1, hang=0.6, volume=1.3),
            cuff=0.19,
            waistband=0.20,
            label=False,
            headroom=0.48,
            details=(
                kangaroo_pocket(1.56, 2.31),
                hood_front(),
                cords(Fabric((226, 222, 208), jersey), 0.50, (0.62, 0.56)),
            ),
            back_details=(hood_back(),),
        ),
    )


def _collared() -> tuple[Design, ...]:
    return (
        Design(
            id="red-polo",
            name="Red polo shirt",
            seed=9,
            cut=Cut(
                neck=Neck(
                    half_width=0.33, depth=0.30, roundness=1.25, band=0.0, top=-0.085, collar=True
                ),
                waist=(0.95, 1.6),
                length=2.66,
                sleeve=SleeveCut(0.70, 56, 59, 0.58),
            ),
            fabric=Fabric((166, 34, 44), pique),
            trim=Fabric((160, 32, 42), rib(0.012, 0.30)),
            sleeves=Sleeves.SHORT,
            finish=Finish(contrast=1.0, sheen=0.006, depth=0.5),
            cuff=0.085,
            details=(
                placket(0.062, 0.24, 0.86, (0.47, 0.66), PEARL),
                collar((0.255, 0.455), stitched=0.0),
            ),
        ),
        Design(
            id="oxford-shirt",
            name="Light blue Oxford shirt",
            seed=10,
            cut=Cut(
                neck=Neck(
                    half_width=0.32, depth=0.30, roundness=1.15, band=0.0, top=-0.095, collar=True
                ),
                armpit=(1.0, 0.98),
                waist=(0.965, 1.65),
                length=2.84,
                hem_curve=0.05,
                side_vent=0.16,
                sleeve=SleeveCut(2.40, 26, 42, 0.36, fullness=-0.02),
            ),
            fabric=Fabric((170, 196, 226), oxford),
            trim=Fabric((174, 199, 228), oxford),
            sleeves=Sleeves.LONG,
            finish=Finish(contrast=1.0, sheen=0.0, depth=0.5),
            drape=Drape(folds=1.25, crumple=1.5, hang=0.8),
            cuff=0.19,
            cuff_button=PEARL,
            details=(
                placket(
                    0.066,
                    0.26,
                    2.86,
                    (0.52, 0.90, 1.28, 1.66, 2.04, 2.42),
                    PEARL,
                    square_end=False,
                    radius=0.022,
                ),
                chest_pocket(0.26, 0.66, 0.80, 1.26),
                collar((0.270, 0.50), spread=0.16),
            ),
        ),
        Design(
            id="denim-shirt",
            name="Washed denim shirt",
            seed=11,
            cut=Cut(
                neck=Neck(
                    half_width=0.32, depth=0.30, roundness=1.15, band=0.0, top=-0.095, collar=True
                ),
                armpit=(1.0, 0.98),
                waist=(0.95, 1.65),
                length=2.72,
                hem_curve=0.05,
                side_vent=0.13,
                sleeve=SleeveCut(2.36, 26, 42, 0.37, fullness=-0.02),
            ),
            fabric=Fabric((80, 103, 136), denim),
            trim=Fabric((80, 103, 136), denim),
            sleeves=Sleeves.LONG,
            finish=Finish(contrast=1.1, sheen=0.004, depth=0.4),
            thread=0.45,
            drape=Drape(folds=1.4, crumple=1.6, hang=0.7),
            cuff=0.19,
            cuff_button=PEARL,
            details=(
                placket(
                    0.068,
                    0.26,
                    2.74,
                    (0.50, 0.86, 1.22, 1.58, 1.94, 2.30),
                    (214, 208, 190),
                    square_end=False,
                ),
                chest_pocket(0.24, 0.66, 0.76, 1.24),
                chest_pocket(-0.66, -0.24, 0.76, 1.24),
                collar((0.270, 0.49), spread=0.16),
            ),
        ),
    )


def _feminine() -> tuple[Design, ...]:
    return (
        Design(
            id="ribbed-tank",
            name="Ribbed tank top",
            seed=12,
            cut=Cut(
                neck=Neck(half_width=0.36, depth=0.60, roundness=1.9, band=0.045, back_rise=0.0),
                shoulder=(0.585, 0.075),
                armpit=(0.90, 0.88),
                waist=(0.77, 1.65),
                hem_half=0.86,
                length=2.60,
                sleeve=None,
            ),
            fabric=Fabric((150, 88, 78), rib(0.026, 0.85)),
            trim=Fabric((148, 86, 76), jersey),
            sleeves=Sleeves.SLEEVELESS,
            drape=Drape(folds=0.9, crumple=0.6, hang=0.6, volume=1.2),
            details=(armhole_binding(0.048),),
        ),
        Design(
            id="floral-blouse",
            name="Floral blouse",
            seed=13,
            cut=Cut(
                neck=Neck(half_width=0.33, depth=0.46, roundness=1.35, band=0.035),
                shoulder=(0.86, 0.19),
                armpit=(0.97, 0.92),
                waist=(0.88, 1.55),
                hem_half=1.0,
                length=2.42,
                sleeve=SleeveCut(0.64, 55, 58, 0.58),
            ),
            fabric=Fabric((47, 57, 88), poplin),
            trim=Fabric((47, 57, 88), poplin),
            sleeves=Sleeves.SHORT,
            finish=Finish(contrast=1.35, sheen=0.022, depth=0.3),
            drape=Drape(folds=2.0, crumple=1.6, hang=2.2),
            prints=(
                tiled(
                    floral_tile(
                        5,
                        [(222, 106, 98), (240, 196, 178), (232, 160, 92), (206, 82, 106)],
                        [(84, 128, 104), (58, 98, 92), (120, 152, 112)],
                        (246, 208, 110),
                    ),
                    0.95,
                ),
            ),
        ),
        Design(
            id="fan-dress",
            name="Teal summer dress",
            seed=14,
            category=Category.DRESS,
            cut=Cut(
                neck=Neck(half_width=0.40, depth=0.44, roundness=2.0, band=0.04, back_rise=0.02),
                shoulder=(0.64, 0.08),
                armpit=(0.90, 0.88),
                waist=(0.74, 1.60),
                hem_half=1.42,
                length=4.05,
                hem_curve=0.10,
                hem_wave=0.022,
                sleeve=None,
            ),
            fabric=Fabric((28, 104, 108), poplin),
            trim=Fabric((28, 104, 108), poplin),
            sleeves=Sleeves.SLEEVELESS,
            finish=Finish(contrast=1.3, sheen=0.012, depth=0.4),
            drape=Drape(folds=1.6, crumple=1.2, hang=1.5),
            skirt=1.60,
            prints=(tiled(fan_tile((158, 198, 188), (26, 100, 104)), 1.8),),
            details=(armhole_binding(0.036),),
        ),
    )
