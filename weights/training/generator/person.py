"""One person: a body, what it wears and holds, as things to draw."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.labels import OwnPart
from weights.training.generator import colours
from weights.training.generator.accessories import sample_accessories
from weights.training.generator.anatomy import Anatomy, Places, averaging
from weights.training.generator.clothes import (
    UNDER_CLOTH_M,
    Drape,
    LowerCut,
    UpperCut,
    sample_drape,
    sample_jacket,
    sample_lower,
    sample_skirt,
    sample_upper,
    thread_coordinates,
)
from weights.training.generator.hair import hanging_hair
from weights.training.generator.items import Item, carry, make_item
from weights.training.generator.library import Library
from weights.training.generator.materials import RGB, Kind, Material, Pattern
from weights.training.generator.meshes import Floats, Mesh, normals, subdivided
from weights.training.generator.posing import Posed, Poser
from weights.training.generator.prints import Textures, sample_print
from weights.training.generator.rotations import about
from weights.training.generator.shading import SKIN_CLASSES

FACES_CAMERA_STD = 0.3  # radians of turn of most people
TIGHT_M = 0.006
JACKET_OVER_M = 0.012
SMOOTHING = 24  # rounds that fill the hollows of the body under cloth
SUIT_SHARE = 0.2  # of people who wear a MakeHuman outfit
JACKET_SHARE = 0.16
BALD_SHARE = 0.06
WITHOUT_HAIR_TEXTURE = ("hair/afro01", "hair/bob01")  # not among the CC0 files
WAIST = 0.3  # pieces of an outfit whose middle is above are for the upper body
ARM_SHARE = 0.5  # what belongs more to an arm catches no falling hair
SKIRT_SHARE = 0.2  # of the others
DRESS_SHARE = 0.5  # of skirts that belong to a dress
TUCKED_SHARE = 0.3  # of people whose trousers go over the shirt
OVERLAP_M = 0.02  # of shirt and trousers
BODY_VERTICES = 13380  # the first ones of the base mesh; the rest are helpers


@dataclass(frozen=True, slots=True)
class Person:
    """A dressed and posed person.

    Attributes:
        items: what to draw.
        joints: (104, 3) world places of the bones' beginnings.
        top_z, bottom_z: highest and lowest point of the body, metres.
    """

    items: list[Item]
    joints: Floats
    top_z: float
    bottom_z: float


@dataclass(frozen=True, slots=True)
class _Stand:
    """What every part of one person needs."""

    body: int
    moves: Floats  # (vertices, 3, 4)
    turn: Floats  # (3, 3)
    tone: RGB
    hair: RGB

    def world(self, moves: Floats, rest: Floats) -> Floats:
        return np.asarray(carry(moves, rest) @ self.turn.T, np.float32)


class _Shell:
    """A helper garment around the body, made finer, that clothes are cut from."""

    def __init__(self, library: Library, name: str) -> None:
        self.mesh, self.points = subdivided(library.meshes[name], library.rest.shape[1])
        self._fill = averaging(self.mesh.triangles, self.points.shape[0])

    def smooth(self, rest: Floats) -> Floats:
        """Positions (n, 3) with the body's hollows filled."""
        filled = rest.astype(np.float64)
        for _ in range(SMOOTHING):
            filled = self._fill @ filled
        return filled.astype(np.float32)


class Dresser:
    """Makes people out of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.anatomy = Anatomy(library)
        self.poser = Poser(library)
        self._tights = _Shell(library, "helper-tights")
        self._skirt = _Shell(library, "helper-skirt")
        self._hairs = [n for n in library.of_kind("hair") if n not in WITHOUT_HAIR_TEXTURE]
        self._suits = [n for n in library.of_kind("clothes") if n in library.textures]

    def sample(self, rng: np.random.Generator, textures: Textures) -> Person:
        """A random person, standing at the origin and mostly facing the camera at -y."""
        body = int(rng.integers(len(self.library.rest)))
        posed = self.poser.sample(self.library.heads[body], rng)
        stand = _Stand(
            body,
            self.anatomy.transforms(posed),
            about([0, 0, 1], _turn(rng)).astype(np.float32),
            colours.skin(rng),
            colours.hair(rng),
        )
        clothes, cover = self._clothes(stand, rng, textures)
        items = [self._skin(stand, cover, rng), *self._eyes(stand, rng), *clothes]
        items += self._head(stand, rng, textures)
        joints = np.asarray(posed.joints @ stand.turn.T, np.float32)
        at = {name: joints[i] for name, i in self.anatomy.index.items()}
        items += sample_accessories(at, posed_turns(posed, stand.turn, self.anatomy), rng)
        skin = stand.world(stand.moves[:BODY_VERTICES], self.library.rest[body][:BODY_VERTICES])
        return Person(items, joints, float(skin[:, 2].max()), float(skin[:, 2].min()))

    def _skin(self, stand: _Stand, cover: Floats, rng: np.random.Generator) -> Item:
        anatomy, rest = self.anatomy, self.library.rest[stand.body]
        fields = np.zeros((len(rest), SKIN_CLASSES + 4), np.float32)
        fields[:, :SKIN_CLASSES] = anatomy.parts
        fields[:, SKIN_CLASSES] = anatomy.scalp(stand.body, rng.uniform(0.05, 0.085))
        if rng.random() < BALD_SHARE:
            fields[:, SKIN_CLASSES] = -1
        fields[:, SKIN_CLASSES + 1] = anatomy.mask("lips")
        bearded = rng.random() < 0.3
        fields[:, SKIN_CLASSES + 2] = anatomy.beard(stand.body) * bearded
        fields[:, SKIN_CLASSES + 3] = anatomy.mask("ears")
        material = Material(
            Kind.SKIN,
            -1,
            stand.tone,
            stand.hair,
            gloss=float(rng.uniform(0.0, 0.12)),
            beard=float(rng.uniform(0.3, 1.2)),
            noise_shift=float(rng.uniform(0, 1)),
        )
        posed = stand.world(stand.moves, rest)
        return make_item(self.library.meshes["body"], posed, rest, material, fields, cover)

    def _eyes(self, stand: _Stand, rng: np.random.Generator) -> list[Item]:
        rest = self.library.rest[stand.body]
        posed = stand.world(stand.moves, rest)
        iris = colours.linear(tuple(rng.uniform(20, 110, 3)))
        items = []
        for name in ("helper-l-eye", "helper-r-eye"):
            mesh = self.library.meshes[name]
            used = rest[np.unique(mesh.vertex)]
            middle, front = (used.max(0) + used.min(0)) / 2, used[:, 1].min()
            size = (middle[1] - front) * 0.55
            centred = (rest[mesh.vertex] - middle)[:, [0, 2]] / size
            hidden = np.where(rest[mesh.vertex][:, 1] > middle[1], 9.0, 0.0)[:, None]
            seen = Mesh(mesh.vertex, (centred + hidden).astype(np.float32), mesh.faces)
            material = Material(Kind.EYE, OwnPart.FACE, iris, gloss=0.4)
            items.append(make_item(seen, posed, rest, material))
        return items

    def _head(self, stand: _Stand, rng: np.random.Generator, textures: Textures) -> list[Item]:
        items = [
            self._strands(
                stand,
                str(rng.choice(self.library.of_kind("eyebrows"))),
                OwnPart.FACE,
                rng,
                textures,
            )
        ]
        kind = rng.random()
        if kind < 0.5:
            style = str(rng.choice(self._hairs))
            items.append(self._strands(stand, style, OwnPart.HAIR, rng, textures))
        if 0.4 < kind < 0.68:
            items += self._locks(stand, rng)
        return items

    def _locks(self, stand: _Stand, rng: np.random.Generator) -> list[Item]:
        """Hair that falls from the scalp; it hangs in the world, not on bones."""
        rest = self.library.rest[stand.body][:BODY_VERTICES]
        posed = carry(stand.moves[:BODY_VERTICES], rest)
        scalp = self.anatomy.scalp(stand.body, 0.07)[:BODY_VERTICES]
        trunk = posed[self.anatomy.places(stand.body).arm[:BODY_VERTICES] < ARM_SHARE]
        return hanging_hair(posed, trunk, scalp, stand.turn, stand.hair, rng)

    def _strands(
        self, stand: _Stand, name: str, label: OwnPart, rng: np.random.Generator, textures: Textures
    ) -> Item:
        material = Material(
            Kind.TEXTURED,
            int(label),
            stand.hair,
            share=float(rng.uniform(3, 9)),
            layer=textures.add(self.library.textures[name]),
            recolour=1.0,
            gloss=0.1,
        )
        return self._worn(stand, name, material, holes=True)

    def _worn(self, stand: _Stand, name: str, material: Material, holes: bool = False) -> Item:
        proxy = self.library.proxies[name]
        rest = proxy.fit(self.library.rest[stand.body])
        moves = proxy.blend(stand.moves.reshape(-1, 12)).reshape(-1, 3, 4)
        return make_item(proxy.mesh, stand.world(moves, rest), rest, material, holes=holes)

    # ---- clothes

    def _clothes(
        self, stand: _Stand, rng: np.random.Generator, textures: Textures
    ) -> tuple[list[Item], Floats]:
        """Everything worn, and the body's own cut field: negative where cloth hides it."""
        body = self.anatomy.places(stand.body)
        cover = np.full(len(body.rest), 1.0, np.float32)
        items: list[Item] = []
        if rng.random() < SUIT_SHARE:
            items += self._suit(stand, cover, rng, textures)
        else:
            upper, drape = sample_upper(rng), sample_drape(rng)
            top = self._piece(stand, upper, drape, OwnPart.UPPER, rng, textures)
            cover[:] = np.minimum(cover, UNDER_CLOTH_M - upper.field(body))
            if rng.random() < SKIRT_SHARE:
                items += [top, self._skirt_of(stand, top, rng, textures)]
            else:
                lower = sample_lower(rng)
                bottom = self._piece(stand, lower, _tight(drape), OwnPart.LOWER, rng, textures)
                # both are the same mesh, so one can be cut where it is under the other
                tucked = rng.random() < TUCKED_SHARE
                hidden, over = (top, bottom) if tucked else (bottom, top)
                keep = np.minimum(hidden.keep, OVERLAP_M - over.keep)
                items += [over, replace(hidden, keep=keep)]
                cover[:] = np.minimum(cover, UNDER_CLOTH_M - lower.field(body))
            if rng.random() < JACKET_SHARE:
                over = replace(
                    drape,
                    loose_m=drape.loose_m + JACKET_OVER_M,
                    hem_m=drape.hem_m + 0.01,
                    sleeve_m=drape.sleeve_m + 0.004,
                )
                items.append(
                    self._piece(stand, sample_jacket(rng), over, OwnPart.UPPER, rng, textures)
                )
        if rng.random() < 0.8:
            items.append(self._shoes(stand, cover, rng, textures))
        return items, cover

    def _piece(
        self,
        stand: _Stand,
        cut: UpperCut | LowerCut,
        drape: Drape,
        label: OwnPart,
        rng: np.random.Generator,
        textures: Textures,
        shell: _Shell | None = None,
    ) -> Item:
        shell = shell or self._tights
        at = self.anatomy.places(stand.body, shell.points)
        outward = normals(at.rest, shell.mesh.triangles)
        rest = drape.push(at, outward, shell.smooth(at.rest))
        material = _cloth(stand.tone, label, at, rng, textures)
        moves = np.asarray(shell.points @ stand.moves.reshape(-1, 12), np.float32)
        posed = stand.world(moves.reshape(-1, 3, 4), rest)
        threads = thread_coordinates(at)
        return make_item(shell.mesh, posed, at.rest, material, threads, cut.field(at))

    def _skirt_of(
        self, stand: _Stand, top: Item, rng: np.random.Generator, textures: Textures
    ) -> Item:
        """A skirt below a shirt; of the same stuff it makes a dress, which is upper garment."""
        drape = _tight(sample_drape(rng))
        skirt = self._piece(
            stand, sample_skirt(rng), drape, OwnPart.LOWER, rng, textures, self._skirt
        )
        return replace(skirt, material=top.material) if rng.random() < DRESS_SHARE else skirt

    def _suit(
        self, stand: _Stand, cover: Floats, rng: np.random.Generator, textures: Textures
    ) -> list[Item]:
        """A MakeHuman outfit; its connected pieces are told apart by their height."""
        name = str(rng.choice(self._suits))
        proxy = self.library.proxies[name]
        cover[proxy.hides[proxy.hides < len(cover)]] = -1
        fitted = proxy.fit(self.library.rest[stand.body])
        heads, index = self.library.heads[stand.body], self.anatomy.index
        low, high = heads[index["upperleg01.L"]][2], heads[index["neck01"]][2]
        height = (fitted[:, 2] - low) / (high - low)
        pieces = [height[proxy.island == k].mean() for k in range(proxy.island.max() + 1)]
        upper = np.array([h > WAIST or len(pieces) == 1 for h in pieces])[proxy.island]
        layer = textures.add(self.library.textures[name])
        items = []
        for label, mine in ((OwnPart.UPPER, upper), (OwnPart.LOWER, ~upper)):
            material = Material(
                Kind.TEXTURED,
                int(label),
                colours.cloth(rng, stand.tone),
                share=float(rng.uniform(1.5, 4.0)),
                layer=layer,
                recolour=float(rng.random() < 0.7) * 0.95,
            )
            item = self._worn(stand, name, material)
            faces = item.faces[mine[proxy.mesh.triangles[:, 0]]]
            items.append(replace(item, faces=faces))
        return items

    def _shoes(
        self, stand: _Stand, cover: Floats, rng: np.random.Generator, textures: Textures
    ) -> Item:
        name = str(rng.choice(self.library.of_kind("shoes")))
        hides = self.library.proxies[name].hides
        cover[hides[hides < len(cover)]] = -1
        material = Material(
            Kind.TEXTURED,
            int(OwnPart.FEET),
            colours.cloth(rng, stand.tone),
            share=3.0,
            layer=textures.add(self.library.textures[name]),
            recolour=float(rng.random() < 0.6),
        )
        return self._worn(stand, name, material)


def _turn(rng: np.random.Generator) -> float:
    """Radians away from the camera: mostly little, sometimes to the side, seldom to the back."""
    kind = rng.random()
    if kind < 0.84:
        return float(rng.normal(0, FACES_CAMERA_STD))
    if kind < 0.96:
        return float(rng.uniform(-1.6, 1.6))
    return float(rng.uniform(2.2, 4.1))


def _tight(drape: Drape) -> Drape:
    return replace(drape, loose_m=min(drape.loose_m, TIGHT_M), sleeve_m=0.0, boxy=0.0, hem_m=0.004)


def _cloth(
    tone: RGB, label: OwnPart, at: Places, rng: np.random.Generator, textures: Textures
) -> Material:
    plain = rng.random() < (0.55 if label is OwnPart.UPPER else 0.8)
    pattern = Pattern.NONE if plain else Pattern(rng.integers(1, len(Pattern)))
    coarse = pattern in (Pattern.TARTAN, Pattern.CHECKS, Pattern.BLOTCHES)
    layer = -1
    if label is OwnPart.UPPER and rng.random() < 0.28:
        layer = textures.add(sample_print(rng))
    width = rng.uniform(0.06, 0.34)
    denim = label is OwnPart.LOWER and rng.random() < 0.4
    blue = rng.uniform(0.4, 4)
    return Material(
        Kind.CLOTH,
        int(label),
        (0.025 * blue, 0.04 * blue, 0.085 * blue) if denim else colours.cloth(rng, tone),
        colours.cloth(rng, tone),
        pattern=pattern,
        per_metre=float(rng.uniform(5, 20) if coarse else rng.uniform(12, 70)),
        share=float(rng.uniform(0.15, 0.7)),
        split_m=float(at.neck[2] - rng.uniform(0.1, 0.4)),
        bump=float(rng.uniform(0.3, 2.2)),
        fold_scale=float(rng.uniform(0.6, 2.2)),
        weave=float(rng.choice([0.0, rng.uniform(0, 0.5)])),
        gloss=float(rng.choice([0.02, rng.uniform(0, 0.25)], p=[0.8, 0.2])),
        print_layer=layer,
        print_x=float(rng.normal(0, 0.02)),
        print_z=float(at.neck[2] - rng.uniform(0.1, 0.32)),
        print_w=float(width),
        print_h=float(width * rng.uniform(0.5, 1.2)),
        noise_shift=float(rng.uniform(0, 5)),
    )


def posed_turns(posed: Posed, turn: Floats, anatomy: Anatomy) -> dict[str, Floats]:
    """Global rotation of every bone in the world, by name."""
    return {name: turn @ posed.rotations[i] for name, i in anatomy.index.items()}
